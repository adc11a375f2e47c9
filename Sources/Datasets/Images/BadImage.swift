import Annotations
import Imaging
import JSONText

/// Why an image of the list cannot be used.
struct BadImage: Error {
    let warning: Warning

    private init(kind: String, what: String, path: String, fix: String) {
        warning = Warning(kind: kind, what: what, place: path, fix: fix)
    }

    /// The file cannot be read or decoded.
    init(_ error: ImageError, id: COCOIdentifier) {
        self.init(
            kind: "image-undecodable",
            what: "image \(id) is left out: " + error.what, path: error.place,
            fix: error.fix)
    }

    /// The file is not there.
    static func missing(_ path: String, _ id: COCOIdentifier) -> BadImage {
        BadImage(
            kind: "image-missing", what: "image \(id) is left out: its file is not there",
            path: path, fix: "bring the file back, or take it off the list")
    }

    /// The file has another size than the list says, so that its boxes cannot be trusted.
    static func differs(_ path: String, _ image: COCOImage, _ size: ImageSize) -> BadImage {
        BadImage(
            kind: "image-size",
            what: "image \(image.id) is left out: it is \(size.width) x \(size.height) "
                + "pixels and listed as \(image.width) x \(image.height)",
            path: path,
            fix: "annotate the image as it is shown, after its EXIF orientation, or correct "
                + "width and height")
    }
}
