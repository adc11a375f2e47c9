import Checkpoints
import Foundation
import JSONText
import Layers
import Tensors
import Testing

/// One case of the authors' numbers: weights, inputs, outputs and gradients.
public struct GoldenCase: Sendable {
    /// Its folder's name.
    public let name: String
    /// The weights under the authors' names.
    public let weights: Checkpoint
    /// Inputs, outputs, buffers and gradients.
    public let io: SafetensorsFile
    /// The content of `case.json`.
    public let info: JSONValue
    private let layout: Layout

    /// The order of the axes of maps in a case.
    public enum Layout: Sendable {
        /// `[N, C, H, W]`.
        case channelsFirst
        /// `[N, H, W, C]`, as in memory.
        case channelsLast
    }

    /// How far results may be off.
    public struct Limits: Sendable {
        /// Outputs, in evaluation and training.
        public var outputs: Float
        /// Gradients.
        public var gradients: Float
        /// BatchNorm's statistics after a pass.
        public var statistics: Float

        /// A single piece; its statistics are sums of a few hundred values, rounded once.
        public static let piece = Limits(outputs: 1e-5, gradients: 1e-5, statistics: 1e-6)
        /// A whole network.
        public static let network = Limits(outputs: 1e-5, gradients: 1e-3, statistics: 1e-5)
    }

    /// Reads a case.
    ///
    /// - Parameters:
    ///   - path: Below the folder of goldens, as in `backbones/van_tiny`.
    ///   - layout: The order of the axes of maps.
    /// - Throws: The readers' errors.
    public init(_ path: String, layout: Layout = .channelsFirst) throws {
        let folder = Goldens.folder + "/" + path
        name = path
        self.layout = layout
        weights = try Checkpoint(path: folder + "/weights.safetensors")
        io = try SafetensorsFile(path: folder + "/io.safetensors")
        info = try JSONValue.read(path: folder + "/case.json")
    }

    /// A tensor of the case, feature maps in the order of memory.
    ///
    /// - Parameter name: As in `eval.stage1`.
    /// - Returns: The tensor.
    /// - Throws: `SafetensorsError` when there is none.
    public func tensor(_ name: String) throws -> Tensor {
        inMemory(Shape(try io.required(name).shape), try io.floats(name))
    }

    private func inMemory(_ shape: Shape, _ elements: [Float]) -> Tensor {
        switch layout {
        case .channelsFirst: Tensor(channelsFirst: shape, elements)
        case .channelsLast: Tensor(shape: shape, elements)
        }
    }

    private func fileShape(_ tensor: Tensor) -> Shape {
        layout == .channelsFirst ? tensor.channelsFirstShape : tensor.shape
    }

    private func fileElements(_ tensor: Tensor) -> [Float] {
        layout == .channelsFirst ? tensor.channelsFirstElements : tensor.elements
    }

    /// The limits that the case itself gives.
    public var ownLimits: Limits {
        let tolerance = info["tolerance"]
        return Limits(
            outputs: Float(tolerance?["eval"]?.double ?? 1e-5),
            gradients: Float(tolerance?["grad"]?.double ?? 1e-3),
            statistics: Float(tolerance?["after"]?.double ?? 1e-6))
    }

    /// Parameters whose gradient is 0 but for rounding.
    private var zeroGradients: [String] {
        info["gradients_zero_in_exact_arithmetic"]?.array?.compactMap(\.string) ?? []
    }

    /// Runs a model as the case prescribes and compares everything that the case holds.
    ///
    /// - Parameters:
    ///   - limits: How far results may be off.
    ///   - build: Declares the model and returns its forward pass.
    /// - Throws: The readers' errors, and `LoadingError` when names or shapes differ.
    public func check(
        _ limits: Limits,
        _ build: (ParameterScope) throws -> (Tensor, Context) -> [NamedOutput]
    ) throws {
        try check(limits, inputs: ["input"]) { scope in
            let forward = try build(scope)
            return { forward($0[0], $1) }
        }
    }

    /// Runs a model of several inputs as the case prescribes and compares everything.
    ///
    /// - Parameters:
    ///   - limits: How far results may be off.
    ///   - names: The names of the inputs in the order of the call, as in `input.x`.
    ///   - build: Declares the model and returns its forward pass.
    /// - Throws: The readers' errors, and `LoadingError` when names or shapes differ.
    public func check(
        _ limits: Limits, inputs names: [String],
        _ build: (ParameterScope) throws -> ([Tensor], Context) -> [NamedOutput]
    ) throws {
        let store = ParameterStore()
        let forward = try build(ParameterScope(store))
        try ParameterScope(store).load(weights.namedTensors, from: name)
        let inputs = try names.map(tensor)
        try compare(forward(inputs, Context(.evaluation)), "eval.", limits.outputs)

        let sinks = names.map { _ in GradientSink() }
        let context = Context(.training, regularization: .none)
        let (outputs, tape) = Tape.record {
            forward(zip(inputs, sinks).map { $0.leaf($1) }, context)
        }
        try compare(outputs, "train.", limits.outputs)
        tape.backward(
            from: outputs.map { output in
                let shape = fileShape(output.value)
                let cotangent = FormulaFill.values("cotangent." + output.name, shape.dimensions)
                return (output.value, inMemory(shape, cotangent))
            })
        try compareBuffers(store, limits.statistics)
        let received = Dictionary(uniqueKeysWithValues: zip(names, sinks.map(\.value)))
        try compareGradients(store, inputs: received, limits.gradients)
    }

    private func compare(_ outputs: [NamedOutput], _ prefix: String, _ limit: Float) throws {
        #expect(Set(outputs.map { prefix + $0.name }) == Set(names(prefix)))
        // Integers are choices, which the caller compares by the rule of its family.
        for output in outputs where output.kind == .floats {
            let expected = try tensor(prefix + output.name)
            #expect(output.value.shape == expected.shape, "\(prefix)\(output.name)")
            expectClose(
                output.value.elements, expected.elements, relative: limit, prefix + output.name)
        }
    }

    private func compareBuffers(_ store: ParameterStore, _ limit: Float) throws {
        for name in names("after.") {
            let buffer = try #require(store[String(name.dropFirst(6))])
            expectClose(
                buffer.fileElements, try io.floats(name),
                relative: buffer.role == .counter ? 0 : limit, name)
        }
    }

    private func compareGradients(
        _ store: ParameterStore, inputs: [String: Tensor?], _ limit: Float
    ) throws {
        let references = try Dictionary(
            uniqueKeysWithValues: names("grad.").map { ($0, try io.floats($0)) })
        let largest = references.values.joined().reduce(0) { max($0, abs($1)) }
        for (name, reference) in references {
            let own = String(name.dropFirst(5))
            let actual =
                inputs[own].map { $0.map(fileElements) } ?? store[own]?.fileGradient
            let gradient = try #require(actual, "\(name) is missing")
            let size = reference.reduce(0) { max($0, abs($1)) }
            if zeroGradients.contains(own) || size < 1e-12 * largest {
                // The exact gradient is 0: what is left is rounding, measured by the largest one.
                let worst = gradient.reduce(0) { max($0, abs($1)) }
                #expect(worst <= 1e-5 * largest, "\(name) is \(worst), not 0")
            } else {
                // A gradient far below the largest has lost digits before it arrives.
                let allowed = size < 1e-5 * largest ? 2e-2 : limit
                expectClose(gradient, reference, relative: allowed, name)
            }
        }
    }

    private func names(_ prefix: String) -> [String] { io.names.filter { $0.hasPrefix(prefix) } }
}
