/// A value of a PyTorch file that stands where a weight could stand and is of a kind not read here.
public struct UnreadValue: Sendable, Equatable {
    /// The name in the file, wrappers and common prefixes taken off.
    public let name: String
    /// What it is, in words.
    public let description: String
    /// How it becomes a tensor that is read.
    let advice: String

    /// Takes a value for an array by the function that would rebuild it; nil for other objects.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - function: The function or class, with its module.
    init?(name: String, rebuiltBy function: String) {
        self.name = name
        switch function {
        case let function where function.hasPrefix("numpy."):
            description = "a NumPy array"
            advice = "save torch.from_numpy(array) in its place"
        case "torch._utils._rebuild_sparse_tensor":
            description = "a sparse tensor"
            advice = "save tensor.to_dense() in its place"
        case "torch._utils._rebuild_qtensor":
            description = "a quantized tensor"
            advice = "save tensor.dequantize() in its place"
        case PyTorchStorage.unknownClass, "torch._utils._rebuild_tensor_v3":
            description = "a tensor of a number type that is not read"
            advice = "save tensor.float() in its place"
        default: return nil
        }
    }

    private init(name: String, description: String, advice: String) {
        self.name = name
        self.description = description
        self.advice = advice
    }

    func renamed(_ name: String) -> UnreadValue {
        UnreadValue(name: name, description: description, advice: advice)
    }
}

extension Checkpoint {
    /// Refuses a file in which a weight of the model is of a kind that is not read.
    ///
    /// - Parameter names: Those of the model.
    /// - Throws: `CheckpointError` that names the first such value.
    public func refuseUnread(among names: Set<String>) throws(CheckpointError) {
        guard let value = unread.first(where: { names.contains($0.name) }) else { return }
        throw CheckpointError(
            what: "\(value.name) is \(value.description)", place: path, fix: value.advice)
    }

    /// A line on what is left out because it is of a kind that is not read, or nothing.
    var noteOfUnread: [String] {
        guard let first = unread.first else { return [] }
        let rest = unread.count > 1 ? " and \(unread.count - 1) more" : ""
        return ["left out: \(first.name), \(first.description)\(rest)"]
    }
}
