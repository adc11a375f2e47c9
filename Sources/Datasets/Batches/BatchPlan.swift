import Imaging
import Tensors

/// Settings of the batches of a training run that are no augmentation.
public struct BatchOptions: Hashable, Sendable {
    /// Images a batch.
    public var batchSize: Int
    /// The run's seed.
    public var seed: UInt64
    /// The step from which no more mosaics are drawn.
    public var mosaicEnd: Int
    /// Bytes of decoded images that may be kept in memory.
    public var cacheBytes: Int

    /// Makes the options of a run.
    ///
    /// - Parameters:
    ///   - batchSize: Images a batch, at least 1.
    ///   - seed: The run's seed.
    ///   - mosaicEnd: The step from which no more mosaics are drawn.
    ///   - cacheBytes: Bytes of decoded images that may be kept in memory.
    public init(
        batchSize: Int, seed: UInt64 = 0, mosaicEnd: Int = .max, cacheBytes: Int = 2048 << 20
    ) {
        self.batchSize = batchSize
        self.seed = seed
        self.mosaicEnd = mosaicEnd
        self.cacheBytes = cacheBytes
    }
}

/// What the batch of a step consists of: a pure function of seed and step.
public struct BatchPlan: Hashable, Sendable {
    /// Counted from 0 over the whole run.
    public let step: Int
    /// Indices of the images in the set.
    public let indices: [Int]
    /// Size of the input, the same for all images of the batch.
    public let size: ImageSize
    /// Whether mosaics may still be drawn.
    public let allowsMosaics: Bool
}

/// Makes the plan of any step.
final class BatchPlanner: Sendable {
    private let options: BatchOptions
    private let preprocessing: Preprocessing
    private let multiScale: [Int]
    private let stream: ShuffledStream

    init(
        imageCount: Int, options: BatchOptions, preprocessing: Preprocessing, multiScale: [Int]
    ) {
        self.options = options
        self.preprocessing = preprocessing
        self.multiScale = multiScale
        stream = ShuffledStream(count: imageCount, seed: options.seed)
    }

    /// The plan of a step.
    ///
    /// - Parameter step: Counted from 0 over the whole run.
    /// - Returns: Which images, at which size.
    func plan(at step: Int) -> BatchPlan {
        let first = step * options.batchSize
        return BatchPlan(
            step: step,
            indices: (first..<first + options.batchSize).map { stream.index(at: $0) },
            size: size(at: step), allowsMosaics: step < options.mosaicEnd)
    }

    /// The sizes that batches can have.
    var sizes: [ImageSize] {
        multiScale.isEmpty
            ? [preprocessing.inputSize] : multiScale.map(preprocessing.inputSize(longerSide:))
    }

    private func size(at step: Int) -> ImageSize {
        var random = RandomGenerator(seed: options.seed, stream: "size of step \(step)")
        return sizes[random.integer(below: sizes.count)]
    }
}

extension Preprocessing {
    /// The input with another longer side and the same aspect, in multiples of the stride.
    ///
    /// - Parameter longerSide: In pixels, rounded to the nearest multiple.
    /// - Returns: The size.
    public func inputSize(longerSide: Int) -> ImageSize {
        let factor = Double(longerSide) / Double(max(width, height))
        func side(_ side: Int) -> Int {
            max(1, Int((Double(side) * factor / Double(stride)).rounded())) * stride
        }
        return ImageSize(width: side(width), height: side(height))
    }
}
