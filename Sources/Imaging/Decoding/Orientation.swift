/// The eight ways in which EXIF says that stored rows and columns lie.
///
/// Values are those of tag 0x0112 in EXIF 2.3, section 4.6.4.
public enum Orientation: UInt16, Sendable, CaseIterable {
    /// As stored.
    case upright = 1
    /// Mirrored left to right.
    case mirrored = 2
    /// Turned by half a turn.
    case halfTurn = 3
    /// Mirrored top to bottom.
    case flipped = 4
    /// Mirrored at the main diagonal.
    case transposed = 5
    /// To be turned by a quarter clockwise.
    case quarterTurn = 6
    /// Mirrored at the other diagonal.
    case transversed = 7
    /// To be turned by a quarter counter-clockwise.
    case threeQuarterTurn = 8

    /// Whether width and height change places.
    public var swapsSides: Bool { rawValue >= 5 }

    /// The size of an image once it is turned.
    public func applied(to size: ImageSize) -> ImageSize {
        swapsSides ? ImageSize(width: size.height, height: size.width) : size
    }
}

extension Image {
    /// The image turned and mirrored as the orientation says.
    public func oriented(_ orientation: Orientation) -> Image {
        guard orientation != .upright else { return self }
        let target = orientation.applied(to: size)
        let steps = PixelSteps(orientation, width: width, height: height)
        let turned: PixelStorage =
            switch storage {
            case .bytes(let samples): .bytes(steps.gather(samples, target, channels))
            case .words(let samples): .words(steps.gather(samples, target, channels))
            }
        return Image(
            width: target.width, height: target.height, channels: channels, storage: turned)
    }
}

/// Where the first output pixel lies in the source, and how far the next column and row are.
private struct PixelSteps {
    let start: Int
    let column: Int
    let row: Int

    init(_ orientation: Orientation, width: Int, height: Int) {
        let last = width - 1
        let bottom = (height - 1) * width
        (start, column, row) =
            switch orientation {
            case .upright: (0, 1, width)
            case .mirrored: (last, -1, width)
            case .halfTurn: (bottom + last, -1, -width)
            case .flipped: (bottom, 1, -width)
            case .transposed: (0, width, 1)
            case .quarterTurn: (bottom, -width, 1)
            case .transversed: (bottom + last, -width, -1)
            case .threeQuarterTurn: (last, width, -1)
            }
    }

    func gather<Sample>(_ source: [Sample], _ size: ImageSize, _ channels: Int) -> [Sample] {
        source.withUnsafeBufferPointer { source in
            [Sample](unsafeUninitializedCapacity: source.count) { target, initialized in
                var output = 0
                for y in 0..<size.height {
                    var input = (start + y * row) * channels
                    for _ in 0..<size.width {
                        for channel in 0..<channels {
                            target.initializeElement(at: output, to: source[input + channel])
                            output += 1
                        }
                        input += column * channels
                    }
                }
                initialized = output
            }
        }
    }
}
