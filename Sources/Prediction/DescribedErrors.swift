import Detection
import Files
import Foundation
import Imaging
import JSONText

// Libraries that may not import `JSONText` give their errors the same three fields; here, below
// all commands, they become errors that commands print.

extension DetectionError: DescribedError {}
extension FileError: DescribedError {}
extension ImageError: DescribedError {}

extension Error {
    /// The system's own words for what a call of Foundation ran into.
    public var systemReason: String {
        let error = self as NSError
        let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
        guard cause.domain == NSPOSIXErrorDomain else { return localizedDescription }
        return String(cString: strerror(Int32(cause.code)))
    }
}
