import Foundation
import JSONText

/// A safetensors file that cannot be read or written.
public struct SafetensorsError: DescribedError, Equatable {
    /// What went wrong.
    public let what: String
    /// The file and, where one is at fault, the tensor.
    public let place: String
    /// What the user can do.
    public let fix: String

    /// Makes an error from its three sentences.
    public init(what: String, place: String, fix: String) {
        self.what = what
        self.place = place
        self.fix = fix
    }
}

/// Says what a file that is no safetensors file looks like, by its first bytes.
enum FileLook {
    /// Describes the content, or gives `nil` when the first bytes tell nothing.
    static func description(of head: Data) -> String? {
        let bytes = [UInt8](head.prefix(256))
        let text = String(decoding: bytes, as: UTF8.self)
        let trimmed = text.drop(while: \.isWhitespace).lowercased()
        if text.hasPrefix("version https://git-lfs") {
            return "a pointer of Git LFS, not the file itself"
        }
        if trimmed.hasPrefix("<!doctype") || trimmed.hasPrefix("<html")
            || trimmed.hasPrefix("<?xml")
        {
            return "a web page"
        }
        if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            return "a zip archive (PyTorch's format)"
        }
        if bytes.first == 0x80, bytes.count > 1, (2...5).contains(bytes[1]) {
            return "a pickle (PyTorch's old format)"
        }
        if bytes.starts(with: [0x89, 0x48, 0x44, 0x46]) { return "an HDF5 file" }
        if trimmed.hasPrefix("{") { return "JSON text" }
        return nil
    }

    /// What to do about a file of that look.
    static func fix(for head: Data) -> String {
        let text = String(decoding: head.prefix(64), as: UTF8.self)
        if text.hasPrefix("version https://git-lfs") {
            return "fetch the file itself with `git lfs pull`"
        }
        if text.drop(while: \.isWhitespace).hasPrefix("<") {
            return "download the file again; the address gave a page instead of the file"
        }
        return "give a file in the safetensors format, or copy or download this one again"
    }
}
