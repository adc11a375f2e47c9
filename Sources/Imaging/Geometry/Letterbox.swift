/// How an image is fitted into a frame without a change of its proportions.
public struct Letterbox: Hashable, Sendable {
    /// Where the image lies in the frame.
    public enum Alignment: Sendable {
        /// Borders of equal width on both sides, the odd pixel right or below.
        case center
        /// At the top left corner, borders right or below only.
        case topLeft
    }

    /// Size of the frame.
    public let frame: ImageSize
    /// Size of the image inside the frame, at least 1 by 1.
    public let scaled: ImageSize
    /// From the image's coordinates to those of the frame.
    public let map: AffineMap

    /// Fits a size into a frame, touching two of its sides.
    ///
    /// - Parameters:
    ///   - source: Size of the image, at least 1 by 1.
    ///   - frame: Size of the frame, at least 1 by 1.
    ///   - alignment: Where the image lies in the frame.
    public init(_ source: ImageSize, into frame: ImageSize, alignment: Alignment = .center) {
        let scale = min(
            Double(frame.width) / Double(source.width),
            Double(frame.height) / Double(source.height))
        func fitted(_ side: Int, _ limit: Int) -> Int {
            min(limit, max(1, Int((Double(side) * scale).rounded())))
        }
        self.frame = frame
        scaled = ImageSize(
            width: fitted(source.width, frame.width), height: fitted(source.height, frame.height))
        let left = alignment == .center ? (frame.width - scaled.width) / 2 : 0
        let top = alignment == .center ? (frame.height - scaled.height) / 2 : 0
        map = .scale(
            x: Double(scaled.width) / Double(source.width),
            y: Double(scaled.height) / Double(source.height), dx: Double(left), dy: Double(top))
    }
}
