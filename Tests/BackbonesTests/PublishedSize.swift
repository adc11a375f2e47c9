import Backbones
import Checkpoints
import JSONText
import Layers
import Tensors
import TestSupport
import Testing

/// A published network, as the reference files of full size describe it.
struct PublishedSize {
    private let info: JSONValue
    private let store = ParameterStore.unfilled()
    private let backbone: any Backbone

    /// Builds the network without values.
    ///
    /// - Parameters:
    ///   - name: Of the reference file.
    ///   - dense: Whether the dense form is meant.
    ///   - settings: Reads the authors' constructor arguments.
    /// - Throws: The readers' errors.
    init<Settings: BackboneConfiguration>(
        _ name: String, dense: Bool = false, settings: (JSONValue?) throws -> Settings
    ) throws {
        let file = try JSONValue.read(path: Goldens.folder + "/backbones/full/\(name).json")
        info = dense ? file["dense"] ?? file : file
        backbone = try settings(info["constructor"]).build(ParameterScope(store))
    }

    private var inputShape: Shape {
        let shape = info["input"]?["input"] ?? info["input"]
        return Shape(shape?.array?.compactMap(\.integer) ?? [])
    }

    /// Expects the authors' names and shapes, and their number of parameters.
    func checkNamesAndShapes() {
        var expected: [String: [Int]] = [:]
        for list in ["parameter_shapes", "buffer_shapes"] {
            for member in info[list]?.object?.members ?? [] {
                expected[member.key] = member.value.array?.compactMap(\.integer)
            }
        }
        let actual = store.parameters.map { ($0.name, $0.fileShape.dimensions) }
        #expect(Dictionary(uniqueKeysWithValues: actual) == expected)
        #expect(store.parameterCount == info["parameters"]?.integer)
        StorageCache.shared.releaseUnused()
    }

    /// Expects the authors' multiply-adds for their input.
    func checkMultiplyAdds() {
        let input = inputShape
        let graph = Graph.trace(inputs: [[1, input[2], input[3], 3]]) { inputs in
            backbone.outputs(inputs[0], Context(.evaluation)).map(\.value)
        }
        #expect(graph.multiplyAdds == info["multiply_adds"]?.integer)
    }

    /// Expects the authors' figures of all outputs when everything is filled by the formula.
    func checkFigures() throws {
        for parameter in store.parameters {
            parameter.setFileElements(
                FormulaFill.values(parameter.name, parameter.fileShape.dimensions))
        }
        let (shape, name) = (inputShape, info["input_name"]?.string ?? "input")
        let input = Tensor(channelsFirst: shape, FormulaFill.values(name, shape.dimensions))
        for output in backbone.outputs(input, Context(.evaluation)) where output.kind == .floats {
            let figures = try #require(
                info["outputs"]?[output.name] ?? info["outputs"]?["eval." + output.name])
            let samples = figures["samples"]?.array?.compactMap(\.double) ?? []
            let expected =
                ["mean", "std", "min", "max"].map { figures[$0]?.double ?? .nan } + samples
            for (y, r) in zip(Self.figures(output.value), expected) {
                #expect(abs(Double(y) - r) <= 1e-3 * expected[1], "\(output.name): \(y), not \(r)")
            }
        }
    }

    /// Mean, standard deviation, minimum, maximum and 32 samples, as the reference has them.
    private static func figures(_ value: Tensor) -> [Float] {
        let flat = value.channelsFirstElements
        let mean = flat.reduce(0) { $0 + Double($1) } / Double(flat.count)
        let square = flat.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
        let deviation = (square / Double(flat.count)).squareRoot()
        let samples = (0..<32).map { flat[$0 * (flat.count - 1) / 31] }
        return [Float(mean), Float(deviation), flat.min() ?? 0, flat.max() ?? 0] + samples
    }
}
