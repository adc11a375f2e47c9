import Foundation

/// An open regular file; closed when released.
final class ReadableFile {
    private let descriptor: Int32
    private let path: String
    /// Its length in bytes when it was opened.
    let count: Int

    /// Opens a file.
    ///
    /// - Parameter path: The file.
    /// - Throws: `unreadable` when it cannot be opened or is no regular file.
    init(path: String) throws(ImageError) {
        // Without O_NONBLOCK a named pipe would keep us waiting for its writer.
        let opened = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard opened >= 0 else {
            throw ImageError(
                .unreadable, "the file cannot be opened: \(systemError())", place: path)
        }
        var status = stat()
        guard fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(opened)
            throw ImageError(.unreadable, "this is no regular file", place: path)
        }
        descriptor = opened
        count = Int(status.st_size)
        self.path = path
    }

    deinit { close(descriptor) }

    /// Reads the beginning of the file.
    ///
    /// - Parameter limit: The most bytes to read.
    /// - Returns: `limit` bytes, or the whole file if it is shorter.
    /// - Throws: `unreadable`.
    func read(upTo limit: Int) throws(ImageError) -> [UInt8] {
        var isRead = true
        let wanted = min(limit, count)
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
            while initialized < wanted, let start = buffer.baseAddress {
                let part = pread(
                    descriptor, start + initialized, wanted - initialized, off_t(initialized))
                if part < 0, errno == EINTR { continue }
                isRead = part >= 0
                guard part > 0 else { break }
                initialized += part
            }
        }
        guard isRead else {
            throw ImageError(.unreadable, "the file cannot be read: \(systemError())", place: path)
        }
        return bytes
    }
}

/// The system's words for the last failed call.
func systemError() -> String { String(cString: strerror(errno)) }
