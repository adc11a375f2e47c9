import Foundation

/// Writes a file so that a reader, or a crash, never meets half of it.
public enum AtomicFile {
    /// Writes into a hidden neighbour and renames it.
    ///
    /// - Parameters:
    ///   - bytes: The content.
    ///   - path: The file; one that exists is replaced.
    /// - Throws: `unwritable`; nothing is left behind.
    public static func write(_ bytes: [UInt8], to path: String) throws(ImageError) {
        let folder = (path as NSString).deletingLastPathComponent
        let name = (path as NSString).lastPathComponent
        let hidden = ".\(name.prefix(200)).\(getpid()).partial"
        let partial = folder.isEmpty ? hidden : folder + "/" + hidden
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("created", path) }
        let isWritten = writeAll(bytes, to: descriptor)
        let trouble = failure("written", path)
        guard close(descriptor) == 0, isWritten, rename(partial, path) == 0 else {
            let error = isWritten ? failure("written", path) : trouble
            unlink(partial)
            throw error
        }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var position = 0
            while position < bytes.count, let start = bytes.baseAddress {
                let part = Foundation.write(descriptor, start + position, bytes.count - position)
                if part < 0, errno == EINTR { continue }
                guard part > 0 else { return false }
                position += part
            }
            return true
        }
    }

    private static func failure(_ verb: String, _ path: String) -> ImageError {
        ImageError(.unwritable, "the file cannot be \(verb): \(systemError())", place: path)
    }
}
