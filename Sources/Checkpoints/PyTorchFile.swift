import Foundation

/// A file that `torch.save` wrote, as zip archive or in the format before version 1.6.
///
/// Nothing in it is run and no class is built; see `PickleMachine`. All checksums and bounds are
/// verified on opening.
struct PyTorchFile: Sendable {
    /// A tensor, or an array of a kind that is not read, under the keys that lead to it.
    private struct Found: Sendable {
        enum Value {
            case tensor(StoredTensor)
            case unread(UnreadValue)
        }

        var path: ArraySlice<String>
        let value: Value

        var isTensor: Bool { if case .tensor = value { true } else { false } }
    }

    private let path: String
    private let found: [Found]
    private let rootDescription: String

    /// Nested deeper than this nothing is looked for.
    private static let deepest = 32

    /// Tells from the first bytes whether a file is PyTorch's; nil for anything else.
    ///
    /// - Parameter path: The file.
    /// - Returns: Its format, or nil.
    static func format(path: String) -> Checkpoint.Format? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        let head = [UInt8]((try? handle.read(upToCount: 4)) ?? Data())
        if head.starts(with: [0x50, 0x4B]) { return .pytorchZip }
        if head.count > 1, head[0] == 0x80, head[1] < 0x20 { return .pytorchLegacy }
        return nil
    }

    /// Opens a file.
    ///
    /// - Parameter path: The file.
    /// - Throws: `CheckpointError` for a file that is damaged or not a checkpoint.
    init(path: String) throws(CheckpointError) {
        self.path = path
        do throws(FormatProblem) {
            guard
                let data = try? Data(
                    contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
            else { throw FormatProblem("it cannot be read") }
            let content =
                data.starts(with: [0x50, 0x4B])
                ? try PyTorchContent(zip: data) : try PyTorchContent(legacy: data)
            rootDescription = content.root.description
            found = try Self.tensors(in: content, limit: data.count + (64 << 20))
        } catch {
            throw CheckpointError(
                what: "this PyTorch file cannot be used: \(error.what)", place: path,
                fix: "copy or download it again; a file that needs code to be run is never read")
        }
    }

    /// Weights and the wrapper that they were found under.
    struct Weights {
        let tensors: [StoredTensor]
        let unread: [UnreadValue]
        let wrapper: String?
    }

    /// Finds the weights: under known wrappers that hold tensors, else the whole.
    ///
    /// - Parameter choice: Whether a running average is preferred.
    /// - Returns: The tensors, named by their keys inside the wrappers.
    /// - Throws: `CheckpointError` when the file holds no tensors.
    func weights(_ choice: Checkpoint.Weights) throws(CheckpointError) -> Weights {
        guard found.contains(where: \.isTensor) else {
            throw CheckpointError(
                what: "this file holds no tensors; at its top stands \(rootDescription)",
                place: path, fix: "save the state dict alone: torch.save(model.state_dict(), PATH)")
        }
        let averages = ["state_dict_ema", "model_ema", "ema"]
        let trained = [
            "state_dict", "model", "module", "model_state_dict", "net", "network", "weights",
        ]
        let known = choice == .average ? averages + trained : trained + averages
        var wrappers: [String] = []
        var inside = found
        while let wrapper = known.first(where: { name in
            inside.contains { $0.isTensor && $0.path.count > 1 && $0.path.first == name }
        }) {
            inside = inside.filter { $0.path.count > 1 && $0.path.first == wrapper }
            for index in inside.indices { inside[index].path.removeFirst() }
            wrappers.append(wrapper)
        }
        return Weights(
            tensors: inside.compactMap {
                if case .tensor(let tensor) = $0.value {
                    tensor.renamed(Self.name($0.path))
                } else {
                    nil
                }
            },
            unread: inside.compactMap {
                if case .unread(let value) = $0.value {
                    value.renamed(Self.name($0.path))
                } else {
                    nil
                }
            },
            wrapper: wrappers.isEmpty ? nil : Self.name(wrappers[...]))
    }

    private static func name(_ path: ArraySlice<String>) -> String {
        path.joined(separator: "/")
    }

    // MARK: - Walk

    private struct Step {
        let value: PickleValue
        let path: [String]
    }

    /// All tensors and unread arrays, in the order of the file; a container that several places share is walked once.
    private static func tensors(
        in content: PyTorchContent, limit: Int
    ) throws(FormatProblem) -> [Found] {
        var result: [Found] = []
        var seenSequences: Set<Int> = []
        var seenDictionaries: Set<Int> = []
        var steps = [Step(value: content.root, path: [])]
        while let step = steps.popLast() {
            guard step.path.count <= deepest else { continue }
            switch step.value {
            case .tensor(let tensor):
                let stored = try content.stored(tensor, limit: limit)
                result.append(Found(path: step.path[...], value: .tensor(stored)))
            case .opaque(let function):
                guard let value = UnreadValue(name: "", rebuiltBy: function) else { continue }
                result.append(Found(path: step.path[...], value: .unread(value)))
            case .list(let index), .tuple(let index):
                guard seenSequences.insert(index).inserted else { continue }
                let children = content.arena.sequences[index].enumerated().map {
                    Step(value: $0.element, path: step.path + [String($0.offset)])
                }
                steps += children.reversed()
            case .dictionary(let index):
                guard seenDictionaries.insert(index).inserted else { continue }
                let children = content.arena.dictionaries[index].compactMap { member in
                    key(member.key).map { Step(value: member.value, path: step.path + [$0]) }
                }
                steps += children.reversed()
            default: continue
            }
        }
        return result
    }

    private static func key(_ value: PickleValue) -> String? {
        switch value {
        case .text(let text): text
        case .integer(let number): String(number)
        default: nil
        }
    }
}
