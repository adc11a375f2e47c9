import Layers
import Tensors

/// The raw maps of a head, level by level.
public struct HeadOutput: Sendable {
    /// The maps of one level.
    public struct Level: Sendable {
        /// Class logits, `[N, H, W, A * classes]`, anchor-major.
        public var classLogits: Tensor
        /// What the box coder reads, `[N, H, W, A * 4]`, anchor-major.
        public var boxes: Tensor
        /// Centre-ness logits, `[N, H, W, A]`.
        public var centerness: Tensor

        /// Makes a level.
        ///
        /// - Parameters:
        ///   - classLogits: `[N, H, W, A * classes]`.
        ///   - boxes: `[N, H, W, A * 4]`.
        ///   - centerness: `[N, H, W, A]`.
        public init(classLogits: Tensor, boxes: Tensor, centerness: Tensor) {
            self.classLogits = classLogits
            self.boxes = boxes
            self.centerness = centerness
        }
    }

    /// Finest first.
    public var levels: [Level]

    /// Makes an output from its levels, finest first.
    public init(levels: [Level]) { self.levels = levels }

    /// Makes an output from the tensors of a plan, in the order of `tensors`.
    ///
    /// - Parameter tensors: Three a level.
    public init(tensors: [Tensor]) {
        precondition(tensors.count.isMultiple(of: 3), "three tensors a level are needed")
        levels = stride(from: 0, to: tensors.count, by: 3).map {
            Level(
                classLogits: tensors[$0], boxes: tensors[$0 + 1], centerness: tensors[$0 + 2])
        }
    }

    /// All maps as a list, for a plan: class logits, boxes and centre-ness of each level.
    public var tensors: [Tensor] {
        levels.flatMap { [$0.classLogits, $0.boxes, $0.centerness] }
    }

    /// Number of images.
    public var imageCount: Int { levels.first?.classLogits.shape[0] ?? 0 }
}

/// A head that finds boxes in the maps of a neck.
public protocol DetectionHead: Sendable {
    /// Number of classes that it tells apart.
    var classCount: Int { get }

    /// Computes the raw maps by operations alone, so that a plan can be traced.
    ///
    /// - Parameters:
    ///   - features: The neck's maps `[N, H, W, C]`, finest first.
    ///   - context: Training or evaluation; losses need a training pass, `decode` an evaluation.
    /// - Returns: The raw maps.
    func callAsFunction(_ features: [Tensor], _ context: Context) -> HeadOutput

    /// Compares the maps of a training pass with the objects.
    ///
    /// - Parameters:
    ///   - output: The maps.
    ///   - targets: The objects of each image.
    /// - Returns: The losses with their weights applied; their sum is what training lowers.
    func losses(_ output: HeadOutput, _ targets: [DetectionTargets]) -> [NamedScalar]

    /// Turns the maps of an evaluation pass into detections.
    ///
    /// - Parameters:
    ///   - output: The maps.
    ///   - extents: The content of each image, from the top left; boxes are clipped to it.
    /// - Returns: Detections of each image in pixels of the network's input.
    func decode(_ output: HeadOutput, extents: [ImageExtent]) -> [Detections]
}
