extension Image {
    /// The image at another size.
    ///
    /// - Parameters:
    ///   - size: Width and height of the result, at least 1 each.
    ///   - interpolation: How samples between pixels are made.
    /// - Returns: An image of the same channels and depth.
    public func resized(
        to size: ImageSize, _ interpolation: Interpolation = .antialiased
    ) -> Image {
        guard size != self.size else { return self }
        let plan = ResizePlan(from: self.size, to: size, channels: channels, interpolation)
        let resized: PixelStorage =
            switch storage {
            case .bytes(let samples): .bytes(plan.apply(to: samples))
            case .words(let samples): .words(plan.apply(to: samples))
            }
        return Image(
            width: size.width, height: size.height, channels: channels, storage: resized)
    }
}

extension FloatImage {
    /// The image at another size.
    ///
    /// - Parameters:
    ///   - size: Width and height of the result, at least 1 each.
    ///   - interpolation: How samples between pixels are made.
    /// - Returns: An image of the same channels.
    public func resized(
        to size: ImageSize, _ interpolation: Interpolation = .antialiased
    ) -> FloatImage {
        let source = ImageSize(width: width, height: height)
        guard size != source else { return self }
        let plan = ResizePlan(from: source, to: size, channels: channels, interpolation)
        return FloatImage(
            width: size.width, height: size.height, channels: channels,
            samples: plan.apply(to: samples))
    }
}

/// A sample type that a resize can read and store.
private protocol ResizableSample {
    var asFloat: Float { get }
    init(rounding value: Float)
}

extension UInt8: ResizableSample {
    fileprivate var asFloat: Float { Float(self) }
    // A convex combination of bytes stays below 255.5, so that no clipping is needed.
    fileprivate init(rounding value: Float) { self.init(truncatingIfNeeded: Int32(value + 0.5)) }
}

extension UInt16: ResizableSample {
    fileprivate var asFloat: Float { Float(self) }
    fileprivate init(rounding value: Float) { self.init(Swift.min(value + 0.5, 65_535)) }
}

extension Float: ResizableSample {
    fileprivate var asFloat: Float { self }
    fileprivate init(rounding value: Float) { self = value }
}

/// The taps of both axes, applied row by row.
///
/// Rows are combined first, over contiguous samples, then the columns of that one row; nothing
/// larger than a row is held between.
private struct ResizePlan {
    let source: ImageSize
    let target: ImageSize
    let channels: Int
    let rows: AxisTaps
    let columns: AxisTaps

    init(
        from source: ImageSize, to target: ImageSize, channels: Int,
        _ interpolation: Interpolation
    ) {
        precondition(target.width > 0 && target.height > 0)
        self.source = source
        self.target = target
        self.channels = channels
        rows = AxisTaps(from: source.height, to: target.height, interpolation)
        columns = AxisTaps(from: source.width, to: target.width, interpolation)
    }

    func apply<Sample: ResizableSample>(to samples: [Sample]) -> [Sample] {
        let rowLength = source.width * channels
        let outputLength = target.width * channels
        let total = outputLength * target.height
        return [Sample](unsafeUninitializedCapacity: total) { output, initialized in
            initialized = total
            guard let output = output.baseAddress else { return }
            var combined = [Float](repeating: 0, count: rowLength)
            samples.withUnsafeBufferPointer { input in
                combined.withUnsafeMutableBufferPointer { row in
                    guard let input = input.baseAddress, let row = row.baseAddress else { return }
                    for y in 0..<target.height {
                        combineRows(y, input, into: row, rowLength)
                        combineColumns(of: row, into: output + y * outputLength)
                    }
                }
            }
        }
    }

    private func combineRows<Sample: ResizableSample>(
        _ y: Int, _ input: UnsafePointer<Sample>, into row: UnsafeMutablePointer<Float>,
        _ length: Int
    ) {
        var isFirst = true
        for tap in 0..<rows.count {
            let weight = rows.weights[y * rows.count + tap]
            guard weight != 0 else { continue }
            let line = input + (rows.starts[y] + tap) * length
            if isFirst {
                for index in 0..<length { row[index] = weight * line[index].asFloat }
            } else {
                for index in 0..<length { row[index] += weight * line[index].asFloat }
            }
            isFirst = false
        }
    }

    private func combineColumns<Sample: ResizableSample>(
        of row: UnsafePointer<Float>, into output: UnsafeMutablePointer<Sample>
    ) {
        columns.weights.withUnsafeBufferPointer { weights in
            columns.starts.withUnsafeBufferPointer { starts in
                if channels == 3 {
                    combineRGB(of: row, weights, starts, into: output)
                } else {
                    combineAny(of: row, weights, starts, into: output)
                }
            }
        }
    }

    /// Three accumulators stay in registers; three times as fast as the general loop.
    private func combineRGB<Sample: ResizableSample>(
        of row: UnsafePointer<Float>, _ weights: UnsafeBufferPointer<Float>,
        _ starts: UnsafeBufferPointer<Int>, into output: UnsafeMutablePointer<Sample>
    ) {
        for x in 0..<target.width {
            var pixel = row + starts[x] * 3
            var (first, second, third): (Float, Float, Float) = (0, 0, 0)
            for tap in x * columns.count..<(x + 1) * columns.count {
                let weight = weights[tap]
                first += weight * pixel[0]
                second += weight * pixel[1]
                third += weight * pixel[2]
                pixel += 3
            }
            (output + 3 * x).initialize(to: Sample(rounding: first))
            (output + 3 * x + 1).initialize(to: Sample(rounding: second))
            (output + 3 * x + 2).initialize(to: Sample(rounding: third))
        }
    }

    private func combineAny<Sample: ResizableSample>(
        of row: UnsafePointer<Float>, _ weights: UnsafeBufferPointer<Float>,
        _ starts: UnsafeBufferPointer<Int>, into output: UnsafeMutablePointer<Sample>
    ) {
        for x in 0..<target.width {
            for channel in 0..<channels {
                var sum: Float = 0
                for tap in 0..<columns.count {
                    let sample = row[(starts[x] + tap) * channels + channel]
                    sum += weights[x * columns.count + tap] * sample
                }
                (output + x * channels + channel).initialize(to: Sample(rounding: sum))
            }
        }
    }
}
