import Foundation
import Imaging
import Testing

@Suite struct ResizeTests {
    struct Case: Sendable {
        var from: ImageSize
        var to: ImageSize

        init(_ width: Int, _ height: Int, _ newWidth: Int, _ newHeight: Int) {
            from = ImageSize(width: width, height: height)
            to = ImageSize(width: newWidth, height: newHeight)
        }
    }

    static let cases = [
        Case(1, 1, 5, 3), Case(9, 7, 1, 1), Case(16, 12, 8, 6), Case(17, 13, 5, 9),
        Case(11, 8, 23, 31), Case(40, 3, 7, 3), Case(64, 64, 63, 65),
    ]

    /// The filter as a sum over all source pixels, in double precision.
    private func direct(
        _ image: Image, _ size: ImageSize, _ interpolation: Interpolation
    ) -> [Double] {
        func weights(_ output: Int, _ source: Int, _ target: Int) -> [Double] {
            let scale = Double(source) / Double(target)
            let centre = (Double(output) + 0.5) * scale
            if interpolation == .nearest {
                return (0..<source).map {
                    Double($0) == min(floor(centre), Double(source - 1)) ? 1 : 0
                }
            }
            let radius = interpolation == .antialiased && scale > 1 ? scale : 1
            let raw = (0..<source).map { max(0, 1 - abs(Double($0) + 0.5 - centre) / radius) }
            return raw.map { $0 / raw.reduce(0, +) }
        }
        return (0..<size.height).flatMap { y in
            let rows = weights(y, image.height, size.height)
            return (0..<size.width).flatMap { x -> [Double] in
                let columns = weights(x, image.width, size.width)
                return (0..<image.channels).map { channel in
                    var sum = 0.0
                    for (row, down) in rows.enumerated() where down > 0 {
                        for (column, across) in columns.enumerated() where across > 0 {
                            let index = (row * image.width + column) * image.channels + channel
                            sum += down * across * Double(image.bytes[index])
                        }
                    }
                    return sum
                }
            }
        }
    }

    @Test(arguments: cases, Interpolation.allCases)
    func bytesMatchTheDirectSum(shape: Case, interpolation: Interpolation) {
        for channels in [1, 3, 4] {
            let image = Sample.image(
                width: shape.from.width, height: shape.from.height, channels: channels)
            let resized = image.resized(to: shape.to, interpolation)
            let wanted = direct(image, shape.to, interpolation)
            // Half a level of rounding, and float32's error on top.
            #expect(zip(resized.bytes, wanted).allSatisfy { abs(Double($0) - $1) < 0.501 })
            #expect(resized.size == shape.to && resized.channels == channels)
        }
    }

    @Test(arguments: cases) func floatsMatchTheDirectSum(shape: Case) {
        let image = Sample.image(width: shape.from.width, height: shape.from.height, channels: 3)
        let resized = FloatImage(image).resized(to: shape.to, .antialiased)
        let wanted = direct(image, shape.to, .antialiased)
        // Ten float32 roundings of values up to 255.
        #expect(zip(resized.samples, wanted).allSatisfy { abs(Double($0) - $1) < 2e-4 })
    }

    @Test(arguments: Interpolation.allCases) func constantStaysConstant(method: Interpolation) {
        let white = Image(width: 37, height: 23, color: .white)
        let resized = white.resized(to: ImageSize(width: 11, height: 50), method)
        #expect(resized.bytes.allSatisfy { $0 == 255 })
        let words = Image(
            width: 9, height: 9, channels: 1,
            storage: .words([UInt16](repeating: .max, count: 81)))
        let smaller = words.resized(to: ImageSize(width: 4, height: 20), method)
        #expect(smaller.storage == .words([UInt16](repeating: .max, count: 80)))
    }
}
