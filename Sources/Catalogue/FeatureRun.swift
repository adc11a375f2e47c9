import Backbones
import Checkpoints
import Layers
import Tensors

/// One forward pass of a backbone on a file, and the gradients if they are asked for.
///
/// The instrument of comparisons: files are `[N, C, H, W]`, outputs have the goldens' names, and
/// nothing is random. The conventions of the command line describe it.
public struct FeatureRun {
    /// Where parameters and buffers come from.
    public enum Weights: Sendable {
        /// The initial values of a seed.
        case initial(seed: UInt64)
        /// Computed from their names.
        case formula
        /// A checkpoint that fits name by name.
        case file(String)
        /// What fits of a checkpoint, and the initial values of a seed for the rest.
        case part(of: String, seed: UInt64)
    }

    /// How a forward pass is computed.
    public enum Execution: Sendable {
        /// Operation by operation, as in training.
        case direct
        /// By the replay of a plan, as in predictions.
        case plan
    }

    /// What a checkpoint that fits in part lacks or has besides, a line each.
    public let misfits: [String]
    private let store: ParameterStore
    private let backbone: any Backbone

    /// Builds the network and fills it.
    ///
    /// - Parameters:
    ///   - architecture: The network.
    ///   - weights: Where parameters and buffers come from.
    ///   - mode: What it will run in; some checkpoints are for evaluation alone.
    /// - Throws: `CatalogueError` when the weights do not fit, and the checkpoint's errors.
    public init(
        _ architecture: Architecture, _ weights: Weights, mode: Context.Mode = .evaluation
    ) throws {
        switch weights {
        case .initial(let seed), .part(_, let seed): store = ParameterStore(seed: seed)
        case .formula, .file: store = .unfilled()
        }
        let scope = ParameterScope(store)
        let configuration = architecture.configuration
        backbone = configuration.build(scope)
        func checkpoint(_ path: String) throws -> Checkpoint {
            let checkpoint = try Checkpoint(path: path)
            if mode == .training { try configuration.checkTrainable(checkpoint) }
            return checkpoint
        }
        switch weights {
        case .initial: misfits = []
        case .formula:
            for parameter in store.parameters {
                parameter.setFileElements(
                    FormulaFill.values(parameter.name, parameter.fileShape.dimensions))
            }
            misfits = []
        case .file(let path):
            try configuration.load(into: scope, checkpoint(path))
            misfits = []
        case .part(let path, _):
            misfits = try configuration.loadPart(into: scope, checkpoint(path)).misfits()
        }
    }

    /// Writes parameters and buffers as they are now.
    ///
    /// - Parameter path: The safetensors file.
    /// - Throws: `FileError` if it cannot be written.
    public func writeWeights(to path: String) throws {
        try write(ParameterScope(store).namedTensors, to: path)
    }

    /// Writes every buffer under `after.NAME`.
    ///
    /// - Parameter path: The safetensors file.
    /// - Throws: `FileError` if it cannot be written.
    public func writeBuffers(to path: String) throws {
        let buffers = store.parameters.filter { $0.role == .buffer || $0.role == .counter }
        let names = Set(buffers.map(\.name))
        let tensors = ParameterScope(store).namedTensors.filter { names.contains($0.name) }
        try write(tensors.map { $0.renamed("after." + $0.name) }, to: path)
    }

    /// What a pass reads and writes.
    public struct Files: Sendable {
        /// Holds the images under `input`.
        public var input: String
        /// Gets every output, or nil.
        public var output: String?
        /// Holds a tensor for outputs by name, or nil for no gradients.
        public var cotangents: String?
        /// Gets the gradients, or nil.
        public var gradients: String?
        /// How the outputs are computed where no gradients are wanted.
        public var execution = Execution.direct

        /// Names the files.
        ///
        /// - Parameters:
        ///   - input: Holds the images under `input`.
        ///   - output: Gets every output.
        ///   - cotangents: Holds a tensor for outputs by name.
        ///   - gradients: Gets the gradients.
        public init(input: String, output: String?, cotangents: String?, gradients: String?) {
            self.input = input
            self.output = output
            self.cotangents = cotangents
            self.gradients = gradients
        }
    }

    /// Runs the network once.
    ///
    /// - Parameters:
    ///   - files: What is read and written.
    ///   - mode: Training or evaluation.
    /// - Throws: `CatalogueError` for an input that does not fit, and errors of files.
    public func run(_ files: Files, _ mode: Context.Mode) throws {
        let input = try Self.readInput(files.input)
        try backbone.checkImage(
            [input.shape[1], input.shape[2]], place: "\(files.input), input")
        if mode == .training {
            try backbone.checkTrainingBatch(input.shape[0], place: "\(files.input), input")
        }
        let context = Context(mode, regularization: .none)
        guard let cotangents = files.cotangents else {
            try write(outputs(input, context, files.execution), to: files.output)
            return
        }
        let sink = GradientSink()
        let (outputs, tape) = Tape.record { backbone.outputs(input.leaf(sink), context) }
        let pairs = try Self.pairs(outputs, cotangents: cotangents)
        try write(outputs, to: files.output)
        tape.backward(from: pairs)
        if let path = files.gradients { try writeGradients(input: sink.value, to: path) }
    }

    private func outputs(
        _ input: Tensor, _ context: Context, _ execution: Execution
    ) -> [NamedOutput] {
        guard execution == .plan else { return backbone.outputs(input, context) }
        var symbols: [NamedOutput] = []
        let graph = Graph.trace(inputs: [input.shape]) {
            symbols = backbone.outputs($0[0], context)
            return symbols.map(\.value)
        }
        return zip(symbols, Plan(graph)([input])).map { symbol, value in
            NamedOutput(symbol.name, value, kind: symbol.kind)
        }
    }

    // MARK: - Files

    private static func readInput(_ path: String) throws -> Tensor {
        let file = try SafetensorsFile(path: path)
        let entry = try file.required("input")
        guard entry.shape.count == 4, entry.shape[1] == 3, !entry.shape.contains(0) else {
            throw CatalogueError(
                what: "the input has shape \(entry.shape); images are [N, 3, H, W]",
                place: "\(path), input", fix: "give at least one image of three channels")
        }
        return try finiteTensor(entry, of: file)
    }

    /// A tensor of a file in memory order; NaN and infinities would make every result meaningless.
    private static func finiteTensor(
        _ entry: SafetensorsEntry, of file: SafetensorsFile
    ) throws -> Tensor {
        let elements = try file.floats(entry.name)
        guard elements.allSatisfy(\.isFinite) else {
            throw CatalogueError(
                what: "the tensor holds numbers that are not finite",
                place: "\(file.path), \(entry.name)",
                fix: "give numbers without NaN and infinities")
        }
        return Tensor(channelsFirst: Shape(entry.shape), elements)
    }

    private static func pairs(
        _ outputs: [NamedOutput], cotangents path: String
    ) throws -> [(tensor: Tensor, gradient: Tensor)] {
        let file = try SafetensorsFile(path: path)
        let known = Dictionary(outputs.map { ($0.name, $0.value) }) { first, _ in first }
        return try file.entries.map { entry in
            guard let output = known[entry.name],
                output.channelsFirstShape.dimensions == entry.shape
            else {
                throw CatalogueError(
                    what: "no output \"\(entry.name)\" of shape \(entry.shape) exists",
                    place: path,
                    fix: "give tensors for "
                        + outputs.map { "\($0.name) \($0.value.channelsFirstShape)" }
                        .joined(separator: ", "))
            }
            return (output, try finiteTensor(entry, of: file))
        }
    }

    private func writeGradients(input: Tensor?, to path: String) throws {
        var writer = SafetensorsWriter()
        for parameter in store.parameters {
            guard let gradient = parameter.fileGradient else { continue }
            try writer.add(
                "grad." + parameter.name, shape: parameter.fileShape.dimensions, gradient)
        }
        if let input {
            try writer.add(
                "grad.input", shape: input.channelsFirstShape.dimensions,
                input.channelsFirstElements)
        }
        try writer.write(to: path)
    }

    private func write(_ outputs: [NamedOutput], to path: String?) throws {
        guard let path else { return }
        try write(
            outputs.map { output in
                NamedTensor(
                    output.name, shape: output.value.channelsFirstShape, kind: output.kind
                ) { output.value.channelsFirstElements }
            }, to: path)
    }

    private func write(_ tensors: [NamedTensor], to path: String) throws {
        var writer = SafetensorsWriter()
        try writer.add(tensors)
        try writer.write(to: path)
    }
}
