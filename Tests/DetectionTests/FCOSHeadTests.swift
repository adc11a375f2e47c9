import Layers
import Tensors
import Testing

@testable import Detection

/// The FCOS head against mmdetection's.
struct FCOSHeadTests {
    static let names = ["fcos_tiny", "fcos_tiny_gncs"]

    private static func configuration(_ name: String) -> FCOSConfiguration {
        var configuration = FCOSConfiguration()
        configuration.stackedConvs = 2
        configuration.featChannels = 8
        configuration.normCfg.numGroups = 4
        configuration.testCfg = DenseHeadCase.decoding()
        if name == "fcos_tiny" {
            configuration.regressRanges = [
                [-1, 24], [24, 48], [48, 96], [96, 160], [160, 1e8],
            ]
        } else {
            configuration.regressRanges = [
                [-1, 64], [64, 96], [96, 160], [160, 320], [320, 1e8],
            ]
            configuration.lossBbox.type = .giou
            configuration.normOnBbox = true
            configuration.centernessOnReg = true
            configuration.centerSampling = true
            configuration.convBias = .always
        }
        return configuration
    }

    private static func model(_ example: DenseHeadCase, _ name: String) throws
        -> (store: ParameterStore, head: FCOSHead)
    {
        let store = ParameterStore()
        let head = try FCOSHead(
            ParameterScope(store), configuration(name), inputs: DenseHeadCase.features,
            classCount: DenseHeadCase.classCount)
        try example.golden.loadWeights(into: store)
        return (store, head)
    }

    @Test(arguments: names) func trainingPassIsTheReference(_ name: String) throws {
        let example = try DenseHeadCase(name)
        let (store, head) = try Self.model(example, name)
        try example.expectTraining(head, store)
    }

    @Test(arguments: names) func evaluationPassIsTheReference(_ name: String) throws {
        let example = try DenseHeadCase(name)
        try example.expectEvaluation(try Self.model(example, name).head)
    }

    @Test(arguments: names) func matchesAndLabelsAreTheReference(_ name: String) throws {
        let example = try DenseHeadCase(name)
        let assigner = Self.configuration(name).assigner
        let matches = example.targets.flatMap { assigner.assign(example.grid, to: $0) }
        #expect(matches.map(Int.init) == (try example.golden.integers("train.matched_gt")))
        let head = try Self.model(example, name).head
        let dense = head.assignedTargets(example.grid, example.targets)
        #expect(example.labels(dense) == (try example.golden.integers("train.labels")))
    }
}
