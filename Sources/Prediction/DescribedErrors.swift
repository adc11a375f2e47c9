import Checkpoints
import Datasets
import Detection
import Files
import Imaging
import JSONText

// Libraries that may not import `JSONText` give their errors the same three fields; here, below
// all commands, they become errors that commands print.

extension DatasetError: DescribedError {}
extension DetectionError: DescribedError {}
extension FileError: DescribedError {}
extension ImageError: DescribedError {}
