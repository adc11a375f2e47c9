import Imaging
import Tensors

/// An 8-bit RGB image with a border of one repeated pixel, ready to be sampled.
///
/// The border lets a bilinear sample anywhere inside the image read four pixels without a check.
struct Raster: Sendable {
    let width: Int
    let height: Int
    /// Rows of `(width + 2) * 3` bytes, `height + 2` of them, and the margin that kernels read.
    private(set) var bytes: [UInt8]

    /// Bytes a row, border included.
    var stride: Int { (width + 2) * 3 }

    private init(width: Int, height: Int) {
        self.width = width
        self.height = height
        bytes = [UInt8](
            repeating: 0, count: (width + 2) * 3 * (height + 2) + PixelWarp.sourceMargin)
    }

    /// Copies an image of 8-bit RGB.
    ///
    /// - Parameter image: As `toRGB8` gives it.
    init(_ image: Image) {
        self.init(width: image.width, height: image.height)
        let rowBytes = stride
        image.bytes.withUnsafeBufferPointer { source in
            bytes.withUnsafeMutableBufferPointer { target in
                guard let source = source.baseAddress, let target = target.baseAddress else {
                    return
                }
                for row in 0..<image.height {
                    (target + (row + 1) * rowBytes + 3).update(
                        from: source + row * image.width * 3, count: image.width * 3)
                }
            }
        }
        repeatEdges()
    }

    /// The image at half its size; an odd last row or column is paired with its repetition.
    var halved: Raster {
        var half = Raster(width: (width + 1) / 2, height: (height + 1) / 2)
        let (count, rowBytes, targetStride) = (half.width, stride, half.stride)
        bytes.withUnsafeBufferPointer { source in
            half.bytes.withUnsafeMutableBufferPointer { target in
                guard let source = source.baseAddress, let target = target.baseAddress else {
                    return
                }
                for row in 0..<(height + 1) / 2 {
                    let upper = source + (2 * row + 1) * rowBytes + 3
                    PixelWarp.halve(
                        upper, upper + rowBytes, into: target + (row + 1) * targetStride + 3,
                        count: count)
                }
            }
        }
        half.repeatEdges()
        return half
    }

    /// Mean of all samples, 0 to 255.
    var mean: Double {
        var sum = 0
        for row in 1...height {
            let start = row * stride + 3
            for sample in bytes[start..<start + width * 3] { sum += Int(sample) }
        }
        return Double(sum) / Double(width * height * 3)
    }

    private mutating func repeatEdges() {
        let (rowBytes, width, height) = (stride, width, height)
        bytes.withUnsafeMutableBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            for row in 1...height {
                let left = base + row * rowBytes
                left.update(from: left + 3, count: 3)
                let right = left + (width + 1) * 3
                right.update(from: right - 3, count: 3)
            }
            base.update(from: base + rowBytes, count: rowBytes)
            let bottom = base + (height + 1) * rowBytes
            bottom.update(from: bottom - rowBytes, count: rowBytes)
        }
    }
}
