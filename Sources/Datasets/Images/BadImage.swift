import Annotations
import Imaging
import JSONText

/// Why an image of the list cannot be used.
struct BadImage: Error {
    private let kind: String
    private let id: COCOIdentifier
    /// The file.
    let path: String
    /// What is wrong with it.
    let reason: String
    private let fix: String

    private init(
        kind: String, id: COCOIdentifier, path: String, reason: String, fix: String
    ) {
        self.kind = kind
        self.id = id
        self.path = path
        self.reason = reason
        self.fix = fix
    }

    /// What is said where the work goes on without the image.
    var warning: Warning {
        Warning(
            kind: kind, what: "image \(id) is left out: " + reason, place: path, fix: fix)
    }

    /// What is said where it ends the work.
    var error: DatasetError {
        DatasetError(what: "image \(id) cannot be used: " + reason, place: path, fix: fix)
    }

    /// The file cannot be read or decoded.
    init(_ error: ImageError, id: COCOIdentifier) {
        self.init(
            kind: "image-undecodable", id: id, path: error.place, reason: error.what,
            fix: error.fix)
    }

    /// The file is not there.
    static func missing(_ path: String, _ id: COCOIdentifier) -> BadImage {
        BadImage(
            kind: "image-missing", id: id, path: path, reason: "its file is not there",
            fix: "bring the file back, or take it off the list")
    }

    /// The file has another size than the list says, so that its boxes cannot be trusted.
    static func differs(_ path: String, _ image: COCOImage, _ size: ImageSize) -> BadImage {
        BadImage(
            kind: "image-size", id: image.id, path: path,
            reason: "it is \(size.width) x \(size.height) pixels and listed as "
                + "\(image.width) x \(image.height)",
            fix: "annotate the image as it is shown, after its EXIF orientation, or correct "
                + "width and height")
    }
}
