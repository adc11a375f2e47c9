import Checkpoints
import Layers
import Tensors
import TestSupport
import Testing

@testable import Detection

/// What the cases of dense heads have in common: five levels, two images, five classes.
struct DenseHeadCase {
    static let strides = [8, 16, 32, 64, 128]
    static let features = strides.map { FeatureSpec(stride: $0, channels: 8) }
    static let extents = [
        ImageExtent(height: 122, width: 152), ImageExtent(height: 93, width: 123),
    ]
    static let classCount = 5
    let golden: DetectionCase
    let inputs: [Tensor]
    let targets: [DetectionTargets]

    init(_ name: String) throws {
        let golden = try DetectionCase(name)
        self.golden = golden
        inputs = try (0..<5).map { try golden.map("input.\($0)") }
        let padded = [
            ImageExtent(height: 128, width: 160), ImageExtent(height: 96, width: 128),
        ]
        targets = try padded.enumerated().map { image, extent in
            DetectionTargets(
                boxes: try golden.boxes("input.gt_boxes.\(image)"),
                labels: try golden.integers("input.gt_labels.\(image)"), paddedExtent: extent)
        }
    }

    static func decoding() -> DecodingConfiguration {
        var configuration = DecodingConfiguration(iouThreshold: 0.5)
        configuration.nmsPre = 60
        configuration.maxPerImg = 40
        return configuration
    }

    /// The cells of the five levels.
    var grid: LevelGrid { LevelGrid(inputs, strides: Self.strides) }

    /// Runs a training pass and compares maps, losses and gradients.
    func expectTraining(_ head: some DetectionHead, _ store: ParameterStore) throws {
        let sinks = inputs.map { _ in GradientSink() }
        let ((output, losses), tape) = Tape.record {
            let leaves = zip(inputs, sinks).map { $0.leaf($1) }
            let output = head(leaves, Context(.training))
            return (output, head.losses(output, targets))
        }
        try expectMaps(output, evaluation: false)
        for loss in losses {
            let expected = try golden.floats("train." + loss.name).reduce(0, +)
            expectClose([loss.value.scalar], [expected], relative: 1e-4, loss.name)
        }
        let total = losses.reduce(0) { $0 + $1.value.scalar }
        expectClose([total], [try golden.scalar("train.total")], relative: 1e-4, "total")
        tape.backward(
            from: losses.map { ($0.value, Tensor(shape: $0.value.shape, repeating: 1)) })
        try golden.expectGradients(store)
        for (index, sink) in sinks.enumerated() {
            expectClose(
                sink.value?.elements ?? [], try golden.map("grad.input.\(index)").elements,
                relative: 1e-3, "gradient of input \(index)")
        }
    }

    /// Runs an evaluation pass and compares maps and detections.
    func expectEvaluation(_ head: some DetectionHead) throws {
        let output = head(inputs, Context(.evaluation))
        try expectMaps(output, evaluation: true)
        let detections = head.decode(output, extents: Self.extents)
        for (image, found) in detections.enumerated() {
            try found.expectEqual(golden, image: image)
        }
    }

    private func expectMaps(_ output: HeadOutput, evaluation: Bool) throws {
        for (index, level) in output.levels.enumerated() {
            let maps = [
                ("cls", level.classLogits), ("reg", level.boxes), ("ctr", level.centerness),
            ]
            for (name, map) in maps {
                let stored = "eval.\(name).\(index)"
                let key =
                    evaluation && golden.io[stored] != nil ? stored : "train.\(name).\(index)"
                expectClose(
                    map.elements, try golden.map(key).elements, relative: 1e-4, key)
            }
        }
    }

    /// The labels of all levels put together image by image.
    func labels(_ dense: DenseTargets) -> [Int] {
        var all: [Int] = []
        for image in targets.indices {
            for (level, labels) in zip(grid.levels, dense.labels) {
                let rows = image * level.count..<(image + 1) * level.count
                all += labels[rows].map { Int($0) }
            }
        }
        return all
    }
}
