import Layers
import Tensors
import Testing

@testable import Detection

/// The ATSS head against mmdetection's.
struct ATSSHeadTests {
    private let example: DenseHeadCase
    private let store = ParameterStore()
    private let head: ATSSHead

    init() throws {
        example = try DenseHeadCase("atss_tiny")
        var configuration = ATSSConfiguration()
        configuration.stackedConvs = 2
        configuration.featChannels = 8
        configuration.normCfg.numGroups = 4
        configuration.testCfg = DenseHeadCase.decoding()
        head = try ATSSHead(
            ParameterScope(store), configuration, inputs: DenseHeadCase.features,
            classCount: DenseHeadCase.classCount)
        try example.golden.loadWeights(into: store)
    }

    @Test func trainingPassIsTheReference() throws { try example.expectTraining(head, store) }

    @Test func evaluationPassIsTheReference() throws { try example.expectEvaluation(head) }

    @Test func anchorsAreTheReference() throws {
        let anchors = AnchorGrid(AnchorGenerator(), example.grid)
        let all = example.grid.levels.indices.flatMap { level in
            (0..<example.grid.levels[level].count).map {
                anchors.anchor(level: level, index: $0)
            }
        }
        #expect(all == (try example.golden.boxes("train.anchors")))
    }

    @Test func matchesAreTheReference() throws {
        let anchors = AnchorGrid(AnchorGenerator(), example.grid)
        for (image, targets) in example.targets.enumerated() {
            let matches = ATSSAssigner().assign(anchors, to: targets)
            #expect(
                matches.map(Int.init) == (try example.golden.integers("train.matched_gt.\(image)")))
        }
    }

    @Test func targetsAreTheReference() throws {
        let anchors = AnchorGrid(AnchorGenerator(), example.grid)
        let dense = head.assignedTargets(anchors, example.targets)
        let weights = try example.golden.integers("train.label_weights")
        let expected = zip(try example.golden.integers("train.labels"), weights).map {
            $1 == 0 ? -1 : $0
        }
        #expect(example.labels(dense) == expected)
        let factor = try example.golden.scalar("train.avg_factor")
        #expect(Float(dense.positiveCountByImage) == factor)
    }

    @Test func planGivesTheDetectionsOfAnEvaluationPass() throws {
        let graph = Graph.trace(inputs: example.inputs.map(\.shape)) {
            head($0, Context(.evaluation)).tensors
        }
        let output = HeadOutput(tensors: Plan(graph)(example.inputs))
        for (image, found) in head.decode(output, extents: DenseHeadCase.extents).enumerated() {
            try found.expectEqual(example.golden, image: image)
        }
    }
}
