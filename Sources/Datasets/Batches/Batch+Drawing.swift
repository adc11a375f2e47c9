import Imaging

extension Batch {
    /// An image of the batch as the network sees it, with its targets drawn on it.
    ///
    /// Boxes have the colour of their class and its name; crowds are grey.
    ///
    /// - Parameters:
    ///   - index: Which image of the batch.
    ///   - preprocessing: What the batch was made with.
    ///   - classes: Names of the labels.
    /// - Returns: 8-bit RGB of the input's size.
    public func drawing(
        at index: Int, preprocessing: Preprocessing, classes: ClassTable
    ) -> Image {
        var canvas = Canvas(preprocessing.picture(of: images, at: index))
        let target = targets[index]
        for box in target.ignored { canvas.stroke(PixelBox(box), RGBColor(128, 128, 128)) }
        for (box, label) in zip(target.boxes, target.labels) {
            let color = ClassPalette.color(label)
            canvas.stroke(PixelBox(box), color, lineWidth: 1)
            canvas.label(classes.names[label], for: PixelBox(box), color)
        }
        return canvas.image
    }

    /// Writes drawings of the first images as JPEG files, `step000012_0.jpg` and so on.
    ///
    /// - Parameters:
    ///   - count: How many at most.
    ///   - folder: An existing folder.
    ///   - preprocessing: What the batch was made with.
    ///   - classes: Names of the labels.
    /// - Throws: `ImageError` when a file cannot be written.
    public func writeDrawings(
        _ count: Int, to folder: String, preprocessing: Preprocessing, classes: ClassTable
    ) throws(ImageError) {
        let digits = String(step)
        let name = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
        for index in 0..<min(count, targets.count) {
            try ImageEncoder.write(
                drawing(at: index, preprocessing: preprocessing, classes: classes),
                to: "\(folder)/step\(name)_\(index).jpg", .jpeg())
        }
    }
}

extension PixelBox {
    /// The same box for drawing.
    public init(_ box: BoxXYXY) {
        self.init(
            left: Double(box.x0), top: Double(box.y0), right: Double(box.x1),
            bottom: Double(box.y1))
    }
}
