extension Canvas {
    /// The size of text that stays legible on the image: screen pixels for one of the font.
    public var textScale: Int {
        max(1, Int((Double(max(size.width, size.height)) / 400).rounded()))
    }

    /// Writes a label on a filled plate, inside the image.
    ///
    /// The plate sits on the top edge of the box, or below that edge where there is no room above.
    /// It is moved into the image; text that is too wide is set smaller, then cut.
    ///
    /// - Parameters:
    ///   - text: ASCII; other characters show as question marks.
    ///   - box: What the label belongs to.
    ///   - color: Colour of the plate; the text is black or white, whichever stands out.
    public mutating func label(_ text: String, for box: PixelBox, _ color: RGBColor) {
        let plate = Plate(text, in: size, scale: textScale)
        let top = Canvas.pixel(box.top)
        let above = top - plate.height
        let rect = PixelRect(
            x: max(0, min(Canvas.pixel(box.left), size.width - plate.width)),
            y: max(0, min(above >= 0 ? above : top, size.height - plate.height)),
            width: plate.width, height: plate.height)
        fill(rect, color)
        let inset = plate.scale
        write(
            plate.text, atX: rect.x + inset, y: rect.y + inset, color.contrasting,
            scale: plate.scale)
    }

    /// Writes text.
    ///
    /// - Parameters:
    ///   - text: ASCII; other characters show as question marks.
    ///   - x: Left edge in pixels.
    ///   - y: Top edge in pixels.
    ///   - color: Colour of the ink.
    ///   - scale: Screen pixels for one pixel of the font.
    public mutating func write(
        _ text: String, atX x: Int, y: Int, _ color: RGBColor, scale: Int
    ) {
        for (position, character) in text.enumerated() {
            let left = x + position * BitmapFont.advance * scale
            for (line, row) in BitmapFont.rows(of: character).enumerated() {
                for (column, isInk) in row.enumerated() where isInk {
                    fill(
                        PixelRect(
                            x: left + column * scale, y: y + line * scale, width: scale,
                            height: scale), color)
                }
            }
        }
    }
}

/// The text of a label once it fits.
private struct Plate {
    let text: String
    let scale: Int

    init(_ text: String, in size: ImageSize, scale: Int) {
        let wanted = text.count * BitmapFont.advance + 1
        let fitting = min(size.width / max(wanted, 1), size.height / (BitmapFont.height + 2))
        self.scale = max(1, min(scale, fitting))
        let room = max(0, (size.width / self.scale - 1) / BitmapFont.advance)
        self.text = String(text.prefix(room))
    }

    var width: Int { (text.count * BitmapFont.advance + 1) * scale }
    var height: Int { (BitmapFont.height + 2) * scale }
}

extension RGBColor {
    /// Black or white, whichever differs more.
    var contrasting: RGBColor {
        299 * Int(red) + 587 * Int(green) + 114 * Int(blue) > 140_000 ? .black : .white
    }
}
