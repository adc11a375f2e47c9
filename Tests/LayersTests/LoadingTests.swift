import Layers
import Tensors
import Testing

@Suite struct LoadingTests {
    private let store = ParameterStore()
    private var scope: ParameterScope { ParameterScope(store) }

    init() {
        _ = Linear(scope["body"], 2, 3)
        _ = Linear(scope["head"], 3, 4)
    }

    private static func tensor(_ name: String, _ shape: Shape) -> NamedTensor {
        NamedTensor(name, shape: shape) { [Float](repeating: 5, count: shape.count) }
    }

    private static let fitting = [
        tensor("body.weight", [3, 2]), tensor("body.bias", [3]),
        tensor("head.weight", [4, 3]), tensor("head.bias", [4]),
    ]

    @Test func everyFittingNameIsTaken() throws {
        let report = try scope.load(Self.fitting, from: "w")
        #expect(report.loaded == ["body.weight", "body.bias", "head.weight", "head.bias"])
        #expect(store.parameters.allSatisfy { $0.value.elements.allSatisfy { $0 == 5 } })
    }

    @Test func weightsThatAreNotFiniteAreRefusedAndNothingIsChanged() {
        let before = store.parameters.map(\.value.elements)
        var tensors = Self.fitting
        tensors[2] = NamedTensor("head.weight", shape: [4, 3]) {
            [Float](repeating: 1, count: 11) + [.nan]
        }
        let error = #expect(throws: LoadingError.self) { try scope.load(tensors, from: "w") }
        #expect(error?.what.contains("head.weight") == true)
        #expect(store.parameters.map(\.value.elements) == before)
    }

    @Test func weightsThatAreIntegersAreRefusedAndNothingIsChanged() {
        let before = store.parameters.map(\.value.elements)
        var tensors = Self.fitting
        tensors[1] = NamedTensor("body.bias", shape: [3], kind: .integers) { [1, 2, 3] }
        let error = #expect(throws: LoadingError.self) {
            try scope.load(tensors, .partial, from: "w")
        }
        #expect(error?.what.contains("body.bias holds integers") == true)
        #expect(store.parameters.map(\.value.elements) == before)
    }

    @Test func misfitsAreRefusedByNameAndNothingIsChanged() {
        let before = store.parameters.map(\.value.elements)
        let tensors = [
            Self.tensor("body.weight", [3, 7]), Self.tensor("head.weight", [4, 3]),
            Self.tensor("head.bias", [4]), Self.tensor("neck.weight", [1]),
        ]
        let error = #expect(throws: LoadingError.self) { try scope.load(tensors, from: "w.pth") }
        #expect(error?.place == "w.pth")
        #expect(
            error?.what == "the weights do not fit the model; 1 of another shape: "
                + "body.weight is [3, 7], the model has [3, 2]; 1 missing: body.bias; "
                + "1 that the model lacks: neck.weight")
        #expect(store.parameters.map(\.value.elements) == before)
    }

    @Test func partialLoadingTakesWhatFitsAndListsTheRest() throws {
        let tensors = [
            Self.tensor("body.weight", [3, 2]), Self.tensor("body.bias", [9]),
            Self.tensor("extra", []),
        ]
        let report = try scope.load(tensors, .partial, from: "w")
        #expect(report.loaded == ["body.weight"])
        #expect(report.missing == ["head.weight", "head.bias"])
        #expect(report.unused == ["extra"])
        #expect(report.misshapen.map(\.description) == ["body.bias is [9], the model has [3]"])
    }

    @Test func headOfOtherClassesIsLeftAloneOnlyWhenAsked() throws {
        let other =
            Array(Self.fitting.prefix(2))
            + [Self.tensor("head.weight", [9, 3]), Self.tensor("head.bias", [9])]
        #expect(throws: LoadingError.self) { try scope.load(other, from: "w") }
        let report = try scope.load(other, LoadingRules(reinitialized: ["head."]), from: "w")
        #expect(report.loaded == ["body.weight", "body.bias"])
        #expect(store["head.bias"]?.value.elements.contains(5) == false)
    }

    @Test func scopeTakesNamesWithoutItsPrefix() throws {
        let tensors = [Self.tensor("weight", [3, 2]), Self.tensor("bias", [3])]
        #expect(try scope["body"].load(tensors, from: "w").loaded == ["weight", "bias"])
    }

    @Test func absentCounterStaysAtZero() throws {
        let store = ParameterStore.unfilled()
        _ = BatchNorm2d(ParameterScope(store), 2)
        let names = ["weight", "bias", "running_mean", "running_var"]
        let report = try ParameterScope(store).load(
            names.map { Self.tensor($0, [2]) }, from: "w")
        #expect(report.missing == [])
        #expect(store["num_batches_tracked"]?.value.scalar == 0)
    }

    @Test func layoutsSurviveSavingAndLoading() throws {
        let first = ParameterStore(seed: 1)
        let second = ParameterStore(seed: 2)
        for store in [first, second] {
            _ = Conv2d(ParameterScope(store)["a"], 3, 5, kernel: 3)
            _ = DepthwiseConv2d(ParameterScope(store)["b"], 5, kernel: 7)
        }
        try ParameterScope(second).load(ParameterScope(first).namedTensors, from: "w")
        #expect(second.parameters.map(\.value.elements) == first.parameters.map(\.value.elements))
        #expect(second["a.weight"]?.value.shape == [5, 3, 3, 3])
        #expect(second["b.weight"]?.value.shape == [7, 7, 5])
    }

    @Test func unfilledStoreStillKnowsItsConstants() {
        let store = ParameterStore.unfilled()
        _ = LayerNorm(ParameterScope(store), 3)
        #expect(store["weight"]?.value.elements == [1, 1, 1])
    }
}
