import Detection
import Files
import Imaging
import JSONText

// Libraries that may not import `JSONText` give their errors the same three fields; here, below
// all commands, they become errors that commands print.

extension DetectionError: DescribedError {}
extension FileError: DescribedError {}
extension ImageError: DescribedError {}
