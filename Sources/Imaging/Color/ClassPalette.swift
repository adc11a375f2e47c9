/// Colours of classes that stay apart from their neighbours, the same in every picture.
public enum ClassPalette {
    /// The colour of a class.
    ///
    /// Hues advance by the golden section, so that any run of classes is spread over the circle;
    /// saturation and value alternate in a cycle of three.
    ///
    /// - Parameter index: Position of the class in its table; negative ones count as 0.
    /// - Returns: A strong colour.
    public static func color(_ index: Int) -> RGBColor {
        let position = Double(max(index, 0) % 4096)
        let turn = position * 0.618_033_988_75 + 0.02
        let hue = (turn - turn.rounded(.down)) * 6
        let cycle = max(index, 0) % 3
        let saturation = [0.85, 0.65, 1.0][cycle]
        let value = [235.0, 250.0, 200.0][cycle]
        func channel(_ offset: Double) -> UInt8 {
            let k = (offset + hue).truncatingRemainder(dividingBy: 6)
            return UInt8((value * (1 - saturation * max(0, min(k, 4 - k, 1)))).rounded())
        }
        return RGBColor(channel(5), channel(3), channel(1))
    }

    /// The colours of classes 0 up to a count, as RGB triples of an indexed PNG.
    ///
    /// - Parameter count: How many.
    /// - Returns: One colour a class.
    public static func colors(count: Int) -> [RGBColor] { (0..<count).map(color) }
}
