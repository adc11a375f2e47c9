/// What a pickle builds here: plain data and tensors; all else is opaque and never built.
///
/// Containers stand in the machine's arena and are named by their index, so that a list that
/// contains itself or a thousand nested ones are neither a leak nor a deep recursion.
enum PickleValue {
    case none
    case boolean(Bool)
    case integer(Int)
    /// An integer beyond 64 bits: two's complement, lowest byte first.
    case wideInteger([UInt8])
    case float(Double)
    case text(String)
    case bytes
    case tuple(Int)
    case list(Int)
    case dictionary(Int)
    /// A class or function by its name; it is never looked up.
    case global(String)
    case storage(PyTorchStorage)
    case tensor(PyTorchTensor)
    /// An object of a class that means nothing here, with the name of that class.
    case opaque(String)

    /// Whether Python would take it as a key of a dictionary.
    var isHashable: Bool {
        switch self {
        case .list, .dictionary: false
        default: true
        }
    }

    /// What it is, for messages.
    var description: String {
        switch self {
        case .none: "None"
        case .boolean, .integer, .wideInteger, .float: "a number"
        case .text, .bytes: "a text"
        case .tuple, .list: "a list"
        case .dictionary: "a dictionary"
        case .global(let name): "the name \(name)"
        case .storage: "a storage"
        case .tensor: "a tensor"
        case .opaque(let name): "an object of \(name)"
        }
    }
}

/// The containers of a pickle.
struct PickleArena {
    /// A key with its value.
    struct Member {
        let key: PickleValue
        let value: PickleValue
    }

    private(set) var sequences: [[PickleValue]] = []
    private(set) var dictionaries: [[Member]] = []
    /// Bytes of an element, for each storage that was named.
    private(set) var elementSizes: [String: Int] = [:]

    /// Keeps the element size of a storage, which has one type wherever it is named.
    mutating func note(_ storage: PyTorchStorage) throws(FormatProblem) {
        let size = storage.type.byteCount
        guard elementSizes.updateValue(size, forKey: storage.key) ?? size == size else {
            throw FormatProblem("the storage \(storage.key) has two element types")
        }
    }

    /// Keeps the elements of a list or tuple and gives their index.
    mutating func keep(_ elements: [PickleValue]) -> Int {
        sequences.append(elements)
        return sequences.count - 1
    }

    /// Keeps the members of a dictionary and gives their index.
    mutating func keep(_ members: [Member]) -> Int {
        dictionaries.append(members)
        return dictionaries.count - 1
    }

    /// Adds elements to a list.
    mutating func append(_ elements: some Sequence<PickleValue>, to list: Int) {
        sequences[list] += elements
    }

    /// Adds members to a dictionary, from keys and values in turn.
    mutating func insert(_ items: [PickleValue], into dictionary: Int) throws(FormatProblem) {
        guard items.count.isMultiple(of: 2) else {
            throw FormatProblem("a dictionary has a key without a value")
        }
        for index in stride(from: 0, to: items.count, by: 2) {
            guard items[index].isHashable else {
                throw FormatProblem("\(items[index].description) serves as the key of a dictionary")
            }
            dictionaries[dictionary].append(Member(key: items[index], value: items[index + 1]))
        }
    }

    /// The elements of a list or tuple, or nil for anything else.
    func elements(_ value: PickleValue) -> [PickleValue]? {
        switch value {
        case .list(let index), .tuple(let index): sequences[index]
        default: nil
        }
    }
}
