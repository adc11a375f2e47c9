import Annotations
import Imaging
import JSONText
import Tensors

/// Makes the batch of any step of a training run, as a pure function of seed and step.
///
/// Images are drawn from an endless shuffled stream, so that every batch is full. Random numbers
/// come from a stream named by step and position in the batch: the same with any number of
/// loader threads, and after a resume. Several threads may make batches at once.
public final class BatchSource: Sendable {
    /// The images.
    public let set: DetectionSet
    /// Steps of an epoch: images over batch size, rounded up.
    public let stepsPerEpoch: Int
    private let options: BatchOptions
    private let preprocessing: Preprocessing
    private let augmentation: AugmentationConfiguration
    private let planner: BatchPlanner
    private let renderer: SampleRenderer
    private let cache: ImageCache

    /// Makes the source of a run.
    ///
    /// - Parameters:
    ///   - set: The images, at least one.
    ///   - options: Batch size, seed, end of the mosaics, memory for decoded images.
    ///   - preprocessing: Size and normalisation of inputs.
    ///   - augmentation: What is drawn.
    /// - Throws: `DatasetError` for a value out of its range.
    public init(
        set: DetectionSet, options: BatchOptions, preprocessing: Preprocessing,
        augmentation: AugmentationConfiguration
    ) throws(DatasetError) {
        try preprocessing.validate()
        try augmentation.validate()
        try DatasetError.check(
            (1...65_536).contains(options.batchSize), "batch_size", "from 1 to 65536",
            "\(options.batchSize)")
        self.set = set
        self.options = options
        self.preprocessing = preprocessing
        self.augmentation = augmentation
        stepsPerEpoch = (set.items.count + options.batchSize - 1) / options.batchSize
        planner = BatchPlanner(
            imageCount: set.items.count, options: options, preprocessing: preprocessing,
            multiScale: augmentation.multiScale)
        renderer = SampleRenderer(preprocessing)
        cache = ImageCache(budget: options.cacheBytes, window: preprocessing.window)
    }

    /// What a user should know before the first step; the warnings of the set are its own.
    public var warnings: [Warning] {
        guard set.items.count < options.batchSize else { return [] }
        return [
            Warning(
                kind: "small-set",
                what: "a batch of \(options.batchSize) holds more than the \(set.items.count) "
                    + "images of the set, which repeat within it",
                place: set.source.annotationFile, fix: "lower batch_size or add images")
        ]
    }

    /// The warnings about images that turned out bad since the last call.
    public func takeWarnings() -> [Warning] { set.badImages.takeWarnings() }

    /// Bytes of decoded images in memory.
    public var cachedBytes: Int { cache.byteCount }

    /// What the batch of a step consists of.
    ///
    /// - Parameter step: Counted from 0 over the whole run.
    /// - Returns: Images and size.
    public func plan(at step: Int) -> BatchPlan { planner.plan(at: step) }

    /// Decodes, augments and normalises the images of a step, on the calling thread alone.
    ///
    /// - Parameter step: Counted from 0 over the whole run.
    /// - Returns: The batch.
    /// - Throws: `DatasetError` when an image cannot be used and the policy or their number
    ///   forbids to leave it out.
    public func batch(at step: Int) throws(DatasetError) -> Batch {
        let plan = plan(at: step)
        var samples: [Sample] = []
        for position in plan.indices.indices {
            samples.append(try sample(plan, at: position))
        }
        let count = plan.size.height * plan.size.width * 3
        let images = Tensor(shape: [samples.count, plan.size.height, plan.size.width, 3]) {
            for (index, sample) in samples.enumerated() {
                renderer.render(sample, into: $0 + index * count)
            }
        }
        return Batch(
            step: step, images: images,
            targets: samples.map { $0.targets(augmentation.boxRule) })
    }

    private func sample(_ plan: BatchPlan, at position: Int) throws(DatasetError) -> Sample {
        var random = RandomGenerator(
            seed: options.seed, stream: "sample \(position) of step \(plan.step)")
        let augmenter = Augmenter(configuration: augmentation, size: plan.size)
        let first = try layer(at: plan.indices[position])
        let isMosaic = random.uniformDouble() < augmentation.mosaic && plan.allowsMosaics
        guard isMosaic else { return augmenter.single(first, &random) }
        var layers = [first]
        for _ in 0..<3 {
            layers.append(try layer(at: random.integer(below: set.items.count)))
        }
        return augmenter.mosaic(layers, &random)
    }

    /// The image at an index, or the next one of the set that can be decoded.
    private func layer(at index: Int) throws(DatasetError) -> Sample.Layer {
        for offset in set.items.indices {
            let index = (index + offset) % set.items.count
            let item = set.items[index]
            do {
                let pixels = try cache.pixels(
                    of: item, at: index, reduction: reduction(of: item.size))
                return Sample.Layer(
                    imageID: item.imageID, pixels: pixels, map: .identity, objects: item.objects)
            } catch {
                try set.badImages.add(BadImage(error, id: item.imageID))
                try set.badImages.check()
            }
        }
        throw DatasetError(
            what: "no image of the set can be decoded", place: set.source.annotationFile,
            fix: "run cvsuite data check on the file")
    }

    /// By how much an image may be reduced and still be enlarged by no augmentation.
    private func reduction(of size: ImageSize) -> Int {
        let fit =
            planner.sizes.map { input in
                min(
                    Double(input.width) / Double(size.width),
                    Double(input.height) / Double(size.height))
            }.max() ?? 1
        return Preprocessing.reduction(for: fit * augmentation.largestZoom)
    }
}

extension AugmentationConfiguration {
    /// The largest enlargement, relative to an image's fit into the input.
    fileprivate var largestZoom: Double {
        let stretch = max(aspect[1], 1 / aspect[0]).squareRoot()
        return max(1, scale[1] * stretch, crop > 0 ? stretch / cropArea[0].squareRoot() : 1)
    }
}
