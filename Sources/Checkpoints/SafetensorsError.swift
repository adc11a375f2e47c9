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
        if let known = signatures.first(where: { bytes.starts(with: $0.bytes) }) {
            return known.name
        }
        if trimmed.hasPrefix("{") { return "JSON text" }
        return nil
    }

    /// First bytes of formats that weights come in, or that weights come packed in.
    private static let signatures: [(bytes: [UInt8], name: String)] = [
        ([0x89, 0x48, 0x44, 0x46], "an HDF5 file"), ([0x1F, 0x8B], "a gzip archive"),
        ([0x42, 0x5A, 0x68], "a bzip2 archive"), ([0xFD, 0x37, 0x7A, 0x58], "an xz archive"),
        ([0x28, 0xB5, 0x2F, 0xFD], "a zstd archive"), ([0x93, 0x4E, 0x55, 0x4D], "a NumPy array"),
        ([0x47, 0x47, 0x55, 0x46], "a GGUF file"), ([0x23, 0x21], "a script"),
    ]

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
