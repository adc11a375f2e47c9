/// Why an image could not be read or written.
///
/// Has the fields of `DescribedError`, which this library may not import.
public struct ImageError: Error, Hashable, Sendable {
    /// The kinds of trouble that callers tell apart.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// No known signature.
        case notAnImage = "not_an_image"
        /// A plausible image of a kind that is not decoded.
        case unsupported
        /// Beyond the limits on pixels, bytes or sides.
        case tooLarge = "too_large"
        /// The file ends before the format says so.
        case truncated
        /// Everything else that is wrong with the content.
        case corrupt
        /// The file cannot be opened or read.
        case unreadable
        /// The file cannot be written.
        case unwritable
    }

    /// The kind of trouble.
    public let kind: Kind
    /// What went wrong, one sentence without a full stop.
    public let what: String
    /// The file.
    public let place: String
    /// What the user can do.
    public let fix: String

    /// Makes an error with the advice that belongs to its kind.
    ///
    /// - Parameters:
    ///   - kind: The kind of trouble.
    ///   - what: What went wrong, one sentence without a full stop.
    ///   - place: The file.
    public init(_ kind: Kind, _ what: String, place: String) {
        self.kind = kind
        self.what = what
        self.place = place
        self.fix = kind.advice
    }
}

extension ImageError.Kind {
    /// What a user can do about trouble of this kind.
    var advice: String {
        switch self {
        case .notAnImage: "give a JPEG or PNG file"
        case .unsupported: "convert the file to baseline JPEG or to PNG"
        case .tooLarge: "cut or shrink the image to at most 100,000,000 pixels"
        case .truncated: "copy the file again from its source; lenient mode shows what is there"
        case .corrupt: "copy the file again from its source, or leave it out"
        case .unreadable: "check the path and the permissions"
        case .unwritable: "check the folder, its permissions and the free space"
        }
    }
}
