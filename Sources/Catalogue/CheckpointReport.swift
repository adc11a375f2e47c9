import Backbones
import Checkpoints
import Layers
import Tensors

/// What a checkpoint holds, and how it maps onto a model.
public struct CheckpointReport: Sendable, Encodable {
    /// One tensor.
    public struct Row: Sendable, Encodable {
        /// Its name, wrappers taken off.
        public let name: String
        /// Its element type in the file.
        public let type: String
        /// Its shape.
        public let shape: [Int]
    }

    /// What does not fit the model.
    public struct Misfits: Sendable, Encodable {
        /// Names of the model that the file lacks.
        public let missing: [String]
        /// Names of the file that the model lacks.
        public let unused: [String]
        /// Names with both shapes.
        public let misshapen: [String]
    }

    /// The file.
    public let file: String
    /// Its format.
    public let format: String
    /// What was taken off the names.
    public let notes: [String]
    /// Texts that travel with the tensors.
    public let metadata: [String: String]
    /// All tensors.
    public let tensors: [Row]
    /// What does not fit the model; nil when no model was named.
    public let misfits: Misfits?

    /// Looks into a checkpoint.
    ///
    /// - Parameters:
    ///   - checkpoint: The file.
    ///   - model: A published network or a JSON file of settings, or nil.
    ///   - partial: Whether misfits are listed instead of refused.
    /// - Throws: `CatalogueError` when the weights do not fit, and errors of the settings.
    public init(_ checkpoint: Checkpoint, model: String?, partial: Bool) throws {
        let architecture = try model.map { try Architecture(named: $0) }
        let part = architecture.map { checkpoint.weights(of: $0.configuration) } ?? checkpoint
        file = checkpoint.path
        format = checkpoint.format.rawValue
        notes = part.notes
        metadata = checkpoint.metadata
        tensors = part.tensors.map { Row(name: $0.name, type: $0.type.rawValue, shape: $0.shape) }
        misfits = try architecture.map { try Self.misfits(checkpoint, $0, partial: partial) }
    }

    private static func misfits(
        _ checkpoint: Checkpoint, _ architecture: Architecture, partial: Bool
    ) throws -> Misfits {
        let store = ParameterStore.unfilled()
        _ = architecture.configuration.build(ParameterScope(store))
        let report = try architecture.configuration.load(
            into: ParameterScope(store), checkpoint, partial ? .partial : .strict)
        return Misfits(
            missing: report.missing, unused: report.unused,
            misshapen: report.misshapen.map(\.description))
    }

    /// One line: how many tensors and elements, and what was taken off.
    public var summary: String {
        let elements = tensors.reduce(0) { $0 + $1.shape.reduce(1, *) }
        let count = "\(tensors.count) tensors, \(elements) elements, \(format)"
        return ([count] + notes).joined(separator: "; ")
    }

    /// The whole as text.
    public var text: String {
        var lines = tensors.map { "\($0.name)  \($0.type)  \($0.shape)" }
        lines += metadata.sorted { $0.key < $1.key }.map { "metadata \($0.key): \($0.value)" }
        if let misfits {
            lines += misfits.missing.map { "missing: \($0)" }
            lines += misfits.unused.map { "not in the model: \($0)" }
            lines += misfits.misshapen.map { "other shape: \($0)" }
        }
        return (lines + [summary]).joined(separator: "\n")
    }
}
