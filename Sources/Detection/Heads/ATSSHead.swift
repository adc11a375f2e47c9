// Bridging the Gap Between Anchor-based and Anchor-free Detection via Adaptive Training Sample
// Selection, Zhang et al., CVPR 2020, as mmdetection 3.3 has it; keys are mmdetection's.

import Layers
import Tensors

/// Dense head with one anchor a cell, adaptive sample selection and a centre-ness branch.
public struct ATSSHead: DetectionHead {
    /// Number of classes.
    public let classCount: Int
    private let configuration: ATSSConfiguration
    private let strides: [Int]
    private let towers: DenseTowers
    private let classPredictor: Conv2d
    private let boxPredictor: Conv2d
    private let centernessPredictor: Conv2d
    private let scales: [Parameter]

    /// Declares the parameters.
    ///
    /// - Parameters:
    ///   - scope: Where `cls_convs`, `atss_cls` and the others begin.
    ///   - configuration: The settings.
    ///   - inputs: The neck's maps, finest first, of equal channels.
    ///   - classCount: Number of classes.
    /// - Throws: `DetectionError` when the settings are out of range or do not fit the neck.
    public init(
        _ scope: ParameterScope, _ configuration: ATSSConfiguration, inputs: [FeatureSpec],
        classCount: Int
    ) throws(DetectionError) {
        try configuration.validate()
        let channels = try HeadInputs.channels(inputs, classCount: classCount)
        self.configuration = configuration
        self.classCount = classCount
        strides = inputs.map(\.stride)
        towers = DenseTowers(scope, configuration.towers, inputs: channels)
        let anchors = configuration.anchorGenerator.anchorsPerCell
        classPredictor = towers.predictor(
            scope["atss_cls"], anchors * classCount, bias: TowerSettings.classBias)
        boxPredictor = towers.predictor(scope["atss_reg"], anchors * 4)
        centernessPredictor = towers.predictor(scope["atss_centerness"], anchors)
        scales = inputs.indices.map {
            scope["scales"][$0].parameter("scale", [], .constant(1), role: .undecayed)
        }
    }

    /// Computes class logits, scaled deltas and centre-ness logits of every level.
    public func callAsFunction(_ features: [Tensor], _ context: Context) -> HeadOutput {
        precondition(features.count == scales.count, "\(scales.count) levels are needed")
        return HeadOutput(
            levels: zip(features, scales).map { x, scale in
                let boxFeatures = towers.boxFeatures(x, context)
                return HeadOutput.Level(
                    classLogits: classPredictor(towers.classFeatures(x, context)),
                    boxes: ScalarScale()(boxPredictor(boxFeatures), scale.tensor),
                    centerness: centernessPredictor(boxFeatures))
            })
    }

    /// The losses `loss_cls`, `loss_bbox` and `loss_centerness`.
    public func losses(_ output: HeadOutput, _ targets: [DetectionTargets]) -> [NamedScalar] {
        let anchors = anchors(output)
        let dense = assignedTargets(anchors, targets)
        let averageFactor = Float(dense.positiveCountByImage)
        let classLosses = zip(output.levels, dense.labels).map { level, labels in
            configuration.lossCls(
                level.classLogits, classes: classCount, labels: labels,
                averageFactor: averageFactor)
        }
        let matched = dense.positives.map {
            anchors.anchor(level: $0.level, index: $0.prior)
        }
        let centerness = zip(matched, dense.positives).map { anchor, sample in
            DistanceBoxCoder.centerness(
                DistanceBoxCoder.encode(sample.target, x: anchor.centerX, y: anchor.centerY))
        }
        let deltas = GatheredRows.gather(
            output.levels.map(\.boxes), dense.positives, width: 4)
        let logits = GatheredRows.gather(
            output.levels.map(\.centerness), dense.positives, width: 1)
        return [
            NamedScalar("loss_cls", .total(classLosses)),
            NamedScalar(
                "loss_bbox",
                configuration.lossBbox(
                    configuration.bboxCoder.decode(deltas, anchors: matched),
                    targets: dense.positives.map(\.target), weights: centerness,
                    averageFactor: max(centerness.reduce(0, +), 1))),
            NamedScalar(
                "loss_centerness",
                configuration.lossCenterness(
                    logits, targets: centerness, averageFactor: averageFactor)),
        ]
    }

    /// Detections by class score times centre-ness.
    public func decode(_ output: HeadOutput, extents: [ImageExtent]) -> [Detections] {
        let decoder = DenseDecoder(
            configuration: configuration.testCfg, classCount: classCount,
            priors: AnchorDecoder(anchors: anchors(output), coder: configuration.bboxCoder))
        return decoder(output, extents: extents)
    }

    private func anchors(_ output: HeadOutput) -> AnchorGrid {
        AnchorGrid(
            configuration.anchorGenerator,
            LevelGrid(output.levels.map(\.classLogits), strides: strides))
    }

    /// Matches the anchors of all images.
    func assignedTargets(_ anchors: AnchorGrid, _ targets: [DetectionTargets]) -> DenseTargets {
        DenseTargets(
            targets, grid: anchors.grid, priorsPerCell: anchors.anchorsPerCell,
            classCount: classCount
        ) { configuration.assigner.assign(anchors, to: $0) }
    }
}

/// Decodes deltas against anchors.
private struct AnchorDecoder: PriorDecoder {
    let anchors: AnchorGrid
    let coder: DeltaBoxCoder

    func box(level: Int, prior: Int, code: SIMD4<Float>) -> Box {
        coder.decode(code, anchor: anchors.anchor(level: level, index: prior))
    }
}
