import Annotations
import Datasets
import Imaging

/// Draws boxes with class names and scores on a picture.
public struct Overlay {
    private var canvas: Canvas

    /// Begins with a picture.
    ///
    /// - Parameter image: Any image; it becomes 8-bit RGB.
    public init(_ image: Image) { canvas = Canvas(image) }

    /// The picture with what was drawn.
    public var image: Image { canvas.image }

    /// Draws a box with its text.
    ///
    /// - Parameters:
    ///   - box: In pixels of the picture.
    ///   - label: Position in the class table, which chooses the colour.
    ///   - text: What is written beside it.
    public mutating func draw(_ box: BoxXYXY, label: Int, text: String) {
        let place = PixelBox(
            left: Double(box.x0), top: Double(box.y0), right: Double(box.x1),
            bottom: Double(box.y1))
        let color = ClassPalette.color(label)
        canvas.stroke(place, color)
        canvas.label(text, for: place, color)
    }

    /// Draws detections, the weakest first, so that the best lie on top.
    ///
    /// - Parameters:
    ///   - found: Best first, in pixels of the picture.
    ///   - classes: Names of the labels.
    public mutating func draw(_ found: [DetectionPredictor.Found], classes: ClassTable) {
        for object in found.reversed() {
            let percent = Int((object.score * 100).rounded())
            draw(
                object.box, label: object.label,
                text: "\(classes.names[object.label]) \(percent)%")
        }
    }
}
