// FCOS: Fully Convolutional One-Stage Object Detection, Tian et al., ICCV 2019, with the options
// of its journal version (TPAMI 2021), as mmdetection 3.3 has them; keys are mmdetection's.

import Layers
import Tensors

/// Dense head without anchors: every point tells the distances to the edges of its object.
public struct FCOSHead: DetectionHead {
    /// Number of classes.
    public let classCount: Int
    private let configuration: FCOSConfiguration
    private let strides: [Int]
    private let towers: DenseTowers
    private let classPredictor: Conv2d
    private let boxPredictor: Conv2d
    private let centernessPredictor: Conv2d
    private let scales: [Parameter]

    /// Declares the parameters.
    ///
    /// - Parameters:
    ///   - scope: Where `cls_convs`, `conv_cls` and the others begin.
    ///   - configuration: The settings.
    ///   - inputs: The neck's maps, finest first, of equal channels.
    ///   - classCount: Number of classes.
    /// - Throws: `DetectionError` when the settings are out of range or do not fit the neck.
    public init(
        _ scope: ParameterScope, _ configuration: FCOSConfiguration, inputs: [FeatureSpec],
        classCount: Int
    ) throws(DetectionError) {
        try configuration.validate()
        try Check.count(configuration.regressRanges.count, inputs.count, "regress_ranges")
        let channels = try HeadInputs.channels(inputs, classCount: classCount)
        self.configuration = configuration
        self.classCount = classCount
        strides = inputs.map(\.stride)
        towers = DenseTowers(scope, configuration.towers, inputs: channels)
        classPredictor = towers.predictor(
            scope["conv_cls"], classCount, bias: TowerSettings.classBias)
        boxPredictor = towers.predictor(scope["conv_reg"], 4)
        centernessPredictor = towers.predictor(scope["conv_centerness"], 1)
        scales = inputs.indices.map {
            scope["scales"][$0].parameter("scale", [], .constant(1), role: .undecayed)
        }
    }

    /// Computes class logits, distances and centre-ness logits of every level.
    ///
    /// With `normOnBbox` the distances of a training pass are in strides, those of an evaluation
    /// pass in pixels.
    public func callAsFunction(_ features: [Tensor], _ context: Context) -> HeadOutput {
        precondition(features.count == scales.count, "\(scales.count) levels are needed")
        return HeadOutput(
            levels: features.indices.map { level in
                let classFeatures = towers.classFeatures(features[level], context)
                let boxFeatures = towers.boxFeatures(features[level], context)
                let scaled = ScalarScale()(boxPredictor(boxFeatures), scales[level].tensor)
                return HeadOutput.Level(
                    classLogits: classPredictor(classFeatures),
                    boxes: distances(scaled, stride: strides[level], context),
                    centerness: centernessPredictor(
                        configuration.centernessOnReg ? boxFeatures : classFeatures))
            })
    }

    private func distances(_ x: Tensor, stride: Int, _ context: Context) -> Tensor {
        guard configuration.normOnBbox else { return x.exponential() }
        return context.isTraining ? x.relu() : x.relu().multiplied(by: Float(stride))
    }

    /// The losses `loss_cls`, `loss_bbox` and `loss_centerness`.
    public func losses(_ output: HeadOutput, _ targets: [DetectionTargets]) -> [NamedScalar] {
        let points = points(output)
        let dense = assignedTargets(points.grid, targets)
        let count = Float(max(dense.positives.count, 1))
        let classLosses = zip(output.levels, dense.labels).map { level, labels in
            configuration.lossCls(
                level.classLogits, classes: classCount, labels: labels, averageFactor: count)
        }
        let matched = dense.positives.map { points.point(level: $0.level, prior: $0.prior) }
        let distances = zip(matched, dense.positives).map { point, sample in
            DistanceBoxCoder.encode(sample.target, x: point.x, y: point.y)
        }
        let centerness = distances.map(DistanceBoxCoder.centerness)
        let predicted = GatheredRows.gather(
            output.levels.map(\.boxes), dense.positives, width: 4)
        let logits = GatheredRows.gather(
            output.levels.map(\.centerness), dense.positives, width: 1)
        return [
            NamedScalar("loss_cls", .total(classLosses)),
            NamedScalar(
                "loss_bbox",
                configuration.lossBbox(
                    DistanceBoxCoder.decode(predicted, points: matched),
                    targets: boxTargets(dense.positives, matched, distances), weights: centerness,
                    averageFactor: max(centerness.reduce(0, +), 1e-6))),
            NamedScalar(
                "loss_centerness",
                configuration.lossCenterness(logits, targets: centerness, averageFactor: count)),
        ]
    }

    /// The objects' boxes, on the scale on which distances are predicted.
    private func boxTargets(
        _ samples: [PositiveSample], _ points: [SIMD2<Float>], _ distances: [SIMD4<Float>]
    ) -> [Box] {
        samples.indices.map { index in
            let stride = configuration.normOnBbox ? Float(strides[samples[index].level]) : 1
            return DistanceBoxCoder.decode(
                distances[index] / stride, x: points[index].x, y: points[index].y)
        }
    }

    /// Detections by class score times centre-ness.
    public func decode(_ output: HeadOutput, extents: [ImageExtent]) -> [Detections] {
        let decoder = DenseDecoder(
            configuration: configuration.testCfg, classCount: classCount, priors: points(output))
        return decoder(output, extents: extents)
    }

    private func points(_ output: HeadOutput) -> PointGrid {
        PointGrid(grid: LevelGrid(output.levels.map(\.classLogits), strides: strides))
    }

    /// Matches the points of all images.
    func assignedTargets(_ grid: LevelGrid, _ targets: [DetectionTargets]) -> DenseTargets {
        let assigner = configuration.assigner
        return DenseTargets(targets, grid: grid, priorsPerCell: 1, classCount: classCount) {
            assigner.assign(grid, to: $0)
        }
    }
}

/// The middles of all cells, and boxes by distances from them.
private struct PointGrid: PriorDecoder {
    let grid: LevelGrid

    func point(level: Int, prior: Int) -> SIMD2<Float> {
        let level = grid.levels[level]
        let (row, column) = prior.quotientAndRemainder(dividingBy: level.width)
        return SIMD2(
            FCOSAssigner.position(column, level.stride), FCOSAssigner.position(row, level.stride))
    }

    func box(level: Int, prior: Int, code: SIMD4<Float>) -> Box {
        let point = point(level: level, prior: prior)
        return DistanceBoxCoder.decode(code, x: point.x, y: point.y)
    }
}
