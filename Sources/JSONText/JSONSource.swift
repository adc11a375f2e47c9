#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The bytes of a JSON text together with the name that messages give it.
///
/// Large files are mapped, so that a file of hundreds of megabytes costs no memory of its own;
/// small ones are copied, so that an editor may rewrite them meanwhile. Sendable unchecked: the
/// bytes are never written after `init`, and only `deinit` releases them.
public final class JSONSource: @unchecked Sendable {
    /// Name for messages, usually the path as the user gave it.
    public let name: String
    /// Size of the text in bytes, with a byte order mark if there is one.
    public let count: Int

    let base: UnsafePointer<UInt8>
    private let isMapped: Bool

    /// Files from this size on, in bytes, are mapped instead of copied.
    private static let mappedSize = 4 << 20

    /// Takes the bytes of a text that is in memory already.
    ///
    /// - Parameters:
    ///   - bytes: the text in UTF-8.
    ///   - name: what messages call it.
    public init(bytes: [UInt8], name: String) {
        self.name = name
        count = bytes.count
        isMapped = false
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        bytes.withUnsafeBufferPointer { buffer in
            if let start = buffer.baseAddress { copy.update(from: start, count: buffer.count) }
        }
        base = UnsafePointer(copy)
    }

    /// Takes a text that is in memory already.
    ///
    /// - Parameters:
    ///   - text: the JSON text.
    ///   - name: what messages call it.
    public convenience init(text: String, name: String) {
        self.init(bytes: Array(text.utf8), name: name)
    }

    /// Opens a file.
    ///
    /// - Parameter path: path of the file, which also becomes its name in messages.
    /// - Throws: `JSONError` when the file cannot be read.
    public init(path: String) throws(JSONError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Self.unreadable(path, errno) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Self.unreadable(path, errno) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw Self.unreadable(path, EISDIR) }
        guard ![S_IFCHR, S_IFBLK].contains(status.st_mode & S_IFMT) else {
            // Some of them never end.
            throw JSONError(
                what: "this is a device", place: path, fix: "name a file, or a pipe")
        }

        name = path
        if status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) >= Self.mappedSize {
            let size = Int(status.st_size)
            guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0),
                address != MAP_FAILED
            else { throw Self.unreadable(path, errno) }
            madvise(address, size, MADV_SEQUENTIAL)
            base = UnsafePointer(address.assumingMemoryBound(to: UInt8.self))
            count = size
            isMapped = true
        } else {
            let bytes = try Self.contents(of: file, path: path)
            let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
            for (index, byte) in bytes.enumerated() { copy[index] = byte }
            base = UnsafePointer(copy)
            count = bytes.count
            isMapped = false
        }
    }

    deinit {
        if isMapped {
            munmap(UnsafeMutableRawPointer(mutating: base), count)
        } else {
            base.deallocate()
        }
    }

    /// Everything that an open file or pipe still yields.
    private static func contents(of file: Int32, path: String) throws(JSONError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let got = read(file, &chunk, chunk.count)
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw unreadable(path, errno) }
            guard got > 0 else { return bytes }
            bytes += chunk[..<got]
        }
    }

    private static func unreadable(_ path: String, _ code: Int32) -> JSONError {
        let fix =
            switch code {
            case ENOENT: "check the path; the file does not exist"
            case EISDIR: "name a file inside the folder"
            case EACCES: "allow reading it, as with `chmod +r`"
            default: "check the file and its disk"
            }
        return JSONError(
            what: "cannot read the file: " + String(cString: strerror(code)), place: path, fix: fix)
    }
}

extension JSONSource {
    /// Line and column of a byte.
    ///
    /// Takes one pass over the text up to there, so it is for messages.
    ///
    /// - Parameter offset: index of the byte, 0 to `count`.
    /// - Returns: its place, counted from 1; a byte order mark takes no column.
    public func position(at offset: Int) -> TextPosition {
        let target = min(max(offset, 0), count)
        var line = 1
        var lineStart = markLength
        while lineStart < target,
            let found = memchr(base + lineStart, 0x0A, target - lineStart)
        {
            lineStart = UnsafeRawPointer(found) - UnsafeRawPointer(base) + 1
            line += 1
        }
        let isScalarStart = { (byte: UInt8) in byte & 0xC0 != 0x80 }
        let before = UnsafeBufferPointer(start: base + lineStart, count: max(target - lineStart, 0))
        return TextPosition(line: line, column: before.count(where: isScalarStart) + 1)
    }

    /// Name, line and column of a byte as `name:line:column`.
    ///
    /// - Parameter offset: index of the byte, 0 to `count`.
    /// - Returns: the place as messages give it.
    public func place(at offset: Int) -> String {
        let position = position(at: offset)
        return "\(name):\(position.line):\(position.column)"
    }

    /// Bytes of the byte order mark at the start: 3 or 0.
    var markLength: Int {
        count >= 3 && base[0] == 0xEF && base[1] == 0xBB && base[2] == 0xBF ? 3 : 0
    }

    /// The bytes from `start` up to `end`.
    func bytes(_ start: Int, _ end: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: base + start, count: end - start)
    }
}
