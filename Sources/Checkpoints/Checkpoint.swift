import Foundation
import JSONText
import Tensors

/// The weights of a file, whatever its format, under the names that the authors' code gives them.
///
/// Wrappers (`state_dict`, `model`, ...) and the prefixes `module.`, `_orig_mod.` and `model.` are
/// taken off where all names have them; nothing else is renamed.
public struct Checkpoint: Sendable {
    /// The format of the file, told from its first bytes.
    public enum Format: String, Sendable {
        /// Safetensors.
        case safetensors
        /// PyTorch's zip archive.
        case pytorchZip = "PyTorch zip"
        /// PyTorch's format before version 1.6.
        case pytorchLegacy = "PyTorch legacy"
    }

    /// Which of two sets of weights is taken where a file has both.
    public enum Weights: Sendable {
        /// Those that were trained.
        case trained
        /// Their running average, `state_dict_ema`, `model_ema` or `ema`.
        case average
    }

    /// The path it was opened from.
    public let path: String
    /// The format of the file.
    public let format: Format
    /// The texts of a safetensors file.
    public let metadata: [String: String]
    /// The tensors in the order of the file.
    public private(set) var tensors: [StoredTensor]
    /// What stands among the tensors and is of a kind that is not read.
    public private(set) var unread: [UnreadValue]
    /// What was taken off the names, in words, for the user.
    public private(set) var notes: [String]

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - weights: Which are taken where a file has trained ones and their average.
    /// - Throws: `SafetensorsError` or `CheckpointError` for a file that cannot be used, saying
    ///   what it looks like.
    public init(path: String, weights: Weights = .trained) throws {
        self.path = path
        if let format = PyTorchFile.format(path: path) {
            let file = try PyTorchFile(path: path)
            let found = try file.weights(weights)
            self.format = format
            metadata = [:]
            tensors = found.tensors
            unread = found.unread
            notes = found.wrapper.map { ["the weights under \"\($0)\" are taken"] } ?? []
        } else {
            let file = try SafetensorsFile(path: path)
            format = .safetensors
            metadata = file.metadata
            tensors = file.entries.map { entry in
                StoredTensor(name: entry.name, type: entry.type, shape: entry.shape) {
                    file.bytes(of: entry)
                }
            }
            unread = []
            notes = []
        }
        while let prefix = Self.prefixes.first(where: isEverywhere) { strip(prefix) }
        notes += noteOfUnread
    }

    /// What data-parallel training, compilation and training frameworks put before names.
    private static let prefixes = ["module.", "_orig_mod.", "model."]

    /// The tensors as models take them.
    public var namedTensors: [NamedTensor] { tensors.map(\.named) }

    /// The part under a prefix, which is taken off; the whole where no name has the prefix.
    ///
    /// - Parameter prefix: The beginning of names, as in `backbone.`.
    /// - Returns: The part; `notes` says how many tensors are left out, and the first parts of
    ///   their names.
    public func part(_ prefix: String) -> Checkpoint {
        let inside = tensors.filter { $0.name.hasPrefix(prefix) }
        guard !inside.isEmpty else { return self }
        var part = self
        part.tensors = inside
        part.unread = unread.filter { $0.name.hasPrefix(prefix) }
        part.strip(prefix)
        let others = tensors.map(\.name).filter { !$0.hasPrefix(prefix) }
        if !others.isEmpty {
            let groups = Set(others.map { String($0.prefix { $0 != "." }) }).sorted()
            part.notes.append(
                "\(others.count) tensors outside \"\(prefix)\" are left out: "
                    + groups.joined(separator: ", "))
        }
        return part
    }

    /// The tensors under other names.
    ///
    /// - Parameters:
    ///   - note: What is done, in words, for the user.
    ///   - rename: The new name of a name.
    /// - Returns: The same tensors.
    public func renaming(_ note: String, _ rename: (String) -> String) -> Checkpoint {
        var renamed = self
        renamed.tensors = tensors.map { $0.renamed(rename($0.name)) }
        renamed.unread = unread.map { $0.renamed(rename($0.name)) }
        renamed.notes.append(note)
        return renamed
    }

    private func isEverywhere(_ prefix: String) -> Bool {
        !tensors.isEmpty && tensors.allSatisfy { $0.name.hasPrefix(prefix) }
    }

    private mutating func strip(_ prefix: String) {
        self = renaming("the prefix \"\(prefix)\" is taken off") { name in
            name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
        }
    }

    /// Writes the tensors as a safetensors file, element types as they are.
    ///
    /// - Parameter path: Where the file shall stand; one that is there is replaced as a whole.
    /// - Throws: `FileError` if it cannot be written, and the reader's error.
    public func writeSafetensors(to path: String) throws {
        var writer = SafetensorsWriter(metadata: metadata)
        for tensor in tensors {
            try writer.add(
                tensor.name, type: tensor.type, shape: tensor.shape, bytes: tensor.bytes())
        }
        try writer.write(to: path)
    }
}

extension SafetensorsWriter {
    /// Adds tensors of a model: 32-bit floats, counters as 64-bit integers.
    ///
    /// - Parameter tensors: Their names are not used before.
    /// - Throws: `SafetensorsError` if a name is taken, and the tensors' own errors.
    public mutating func add(_ tensors: [NamedTensor]) throws {
        for tensor in tensors {
            let shape = tensor.shape.dimensions
            switch tensor.kind {
            case .floats: try add(tensor.name, shape: shape, tensor.elements())
            case .integers:
                try add(tensor.name, shape: shape, tensor.elements().map { Int64($0) })
            }
        }
    }
}
