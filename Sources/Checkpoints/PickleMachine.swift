import Foundation

/// Reads a pickle without running anything: an allow-list machine.
///
/// A pickle is a program for a stack machine. Only the instructions that build plain data and
/// tensors are followed; the names of classes and functions are kept as texts, and what they
/// would be called with is dropped, except for the few that stand for tensors and dictionaries.
/// Memory is bounded by the pickle's own length.
struct PickleMachine {
    private var reader: ByteReader
    private(set) var arena = PickleArena()
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]

    private static let mostSteps = 50_000_000

    /// Makes a machine for the pickle that begins at an offset.
    init(_ data: Data, at offset: Int = 0) throws(FormatProblem) {
        reader = try ByteReader(data, at: offset)
    }

    /// Where the next pickle begins, after a run.
    var offset: Int { reader.offset }

    /// Follows the instructions up to the end.
    ///
    /// - Returns: What the pickle holds.
    mutating func run() throws(FormatProblem) -> PickleValue {
        stack = []
        marks = []
        memo = [:]
        for _ in 0..<Self.mostSteps {
            let code = try reader.byte()
            guard let instruction = PickleInstruction(rawValue: code) else {
                throw FormatProblem(
                    "its pickle has the unsupported instruction 0x\(String(code, radix: 16))")
            }
            if instruction == .stop { return try pop() }
            try follow(instruction)
        }
        throw FormatProblem("its pickle does not end")
    }

    private mutating func follow(_ instruction: PickleInstruction) throws(FormatProblem) {
        switch instruction.family {
        case .frame: try followFrame(instruction)
        case .stack: try followStack(instruction)
        case .number: stack.append(try number(instruction))
        case .text: stack.append(try text(instruction))
        case .container: try followContainer(instruction)
        case .memo: try followMemo(instruction)
        case .object: try followObject(instruction)
        }
    }

    // MARK: - Stack

    private mutating func pop() throws(FormatProblem) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
            throw FormatProblem("its pickle takes more from the stack than was put there")
        }
        return value
    }

    private func top() throws(FormatProblem) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.last else {
            throw FormatProblem("its pickle takes more from the stack than was put there")
        }
        return value
    }

    private mutating func pop(_ count: Int) throws(FormatProblem) -> [PickleValue] {
        guard stack.count - count >= marks.last ?? 0 else {
            throw FormatProblem("its pickle takes more from the stack than was put there")
        }
        let values = Array(stack.suffix(count))
        stack.removeLast(count)
        return values
    }

    private mutating func popToMark() throws(FormatProblem) -> [PickleValue] {
        guard let mark = marks.popLast() else {
            throw FormatProblem("its pickle ends a list that it did not begin")
        }
        let values = Array(stack[mark...])
        stack.removeSubrange(mark...)
        return values
    }

    private mutating func followFrame(_ instruction: PickleInstruction) throws(FormatProblem) {
        if instruction == .frame {
            _ = try reader.integer(bytes: 8)
            return
        }
        let version = try reader.byte()
        guard version <= 5 else {
            throw FormatProblem("its pickle has the unknown protocol \(version)")
        }
    }

    private mutating func followStack(_ instruction: PickleInstruction) throws(FormatProblem) {
        switch instruction {
        case .mark: marks.append(stack.count)
        case .popMark: _ = try popToMark()
        case .duplicate: stack.append(try top())
        default:
            if marks.last == stack.count {
                marks.removeLast()
            } else {
                _ = try pop()
            }
        }
    }

    // MARK: - Numbers and texts

    private mutating func number(
        _ instruction: PickleInstruction
    ) throws(FormatProblem) -> PickleValue {
        switch instruction {
        case .none: .none
        case .newTrue: .boolean(true)
        case .newFalse: .boolean(false)
        case .binInt: .integer(Int(Int32(truncatingIfNeeded: try reader.integer(bytes: 4))))
        case .binInt1: .integer(try reader.integer(bytes: 1))
        case .binInt2: .integer(try reader.integer(bytes: 2))
        case .long1: Self.long(try reader.take(try reader.integer(bytes: 1)))
        case .long4: Self.long(try reader.take(try reader.integer(bytes: 4)))
        default:
            .float(
                Double(bitPattern: try reader.take(8).reduce(0) { $0 << 8 | UInt64($1) }))
        }
    }

    private static func long(_ bytes: Data) -> PickleValue {
        guard bytes.count <= 8 else { return .wideInteger([UInt8](bytes)) }
        let isNegative = (bytes.last ?? 0) & 0x80 != 0
        let start: UInt64 = isNegative ? .max : 0
        return .integer(
            Int(truncatingIfNeeded: bytes.reversed().reduce(start) { $0 << 8 | UInt64($1) }))
    }

    private mutating func text(
        _ instruction: PickleInstruction
    ) throws(FormatProblem) -> PickleValue {
        switch instruction {
        case .shortBinUnicode: try unicode(lengthBytes: 1)
        case .binUnicode: try unicode(lengthBytes: 4)
        case .binUnicode8: try unicode(lengthBytes: 8)
        case .shortBinString: try latin(lengthBytes: 1)
        case .binString: try latin(lengthBytes: 4)
        case .shortBinBytes: try skippedBytes(lengthBytes: 1)
        case .binBytes: try skippedBytes(lengthBytes: 4)
        default: try skippedBytes(lengthBytes: 8)
        }
    }

    private mutating func unicode(lengthBytes: Int) throws(FormatProblem) -> PickleValue {
        .text(try ByteReader.text(try reader.take(try reader.integer(bytes: lengthBytes))))
    }

    /// A byte string of Python 2, which is a text there.
    private mutating func latin(lengthBytes: Int) throws(FormatProblem) -> PickleValue {
        let bytes = try reader.take(try reader.integer(bytes: lengthBytes))
        return .text(String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })))
    }

    private mutating func skippedBytes(lengthBytes: Int) throws(FormatProblem) -> PickleValue {
        _ = try reader.take(try reader.integer(bytes: lengthBytes))
        return .bytes
    }

    // MARK: - Containers

    private mutating func followContainer(
        _ instruction: PickleInstruction
    ) throws(FormatProblem) {
        switch instruction {
        case .emptyTuple: stack.append(.tuple(arena.keep([PickleValue]())))
        case .tuple1: stack.append(.tuple(arena.keep(try pop(1))))
        case .tuple2: stack.append(.tuple(arena.keep(try pop(2))))
        case .tuple3: stack.append(.tuple(arena.keep(try pop(3))))
        case .tuple: stack.append(.tuple(arena.keep(try popToMark())))
        case .emptyList: stack.append(.list(arena.keep([PickleValue]())))
        case .list: stack.append(.list(arena.keep(try popToMark())))
        case .emptyDictionary: stack.append(.dictionary(arena.keep([PickleArena.Member]())))
        case .dictionary: try makeDictionary(try popToMark())
        case .append: try append(try pop(1))
        case .appends: try append(try popToMark())
        case .setItem: try insert(try pop(2))
        case .setItems: try insert(try popToMark())
        case .emptySet: stack.append(.opaque("set"))
        case .addItems: _ = try popToMark()
        default:
            _ = try popToMark()
            stack.append(.opaque("frozenset"))
        }
    }

    private mutating func makeDictionary(_ items: [PickleValue]) throws(FormatProblem) {
        let index = arena.keep([PickleArena.Member]())
        try arena.insert(items, into: index)
        stack.append(.dictionary(index))
    }

    private mutating func append(_ values: [PickleValue]) throws(FormatProblem) {
        switch try top() {
        case .list(let index): arena.append(values, to: index)
        case .opaque: break
        case let other: throw FormatProblem("its pickle appends to \(other.description)")
        }
    }

    private mutating func insert(_ items: [PickleValue]) throws(FormatProblem) {
        switch try top() {
        case .dictionary(let index): try arena.insert(items, into: index)
        case .opaque: break
        case let other: throw FormatProblem("its pickle sets a key of \(other.description)")
        }
    }

    // MARK: - Memo

    private mutating func followMemo(_ instruction: PickleInstruction) throws(FormatProblem) {
        switch instruction {
        case .memoize: memo[memo.count] = try top()
        case .binPut: memo[try reader.integer(bytes: 1)] = try top()
        case .longBinPut: memo[try reader.integer(bytes: 4)] = try top()
        case .binGet: stack.append(try remembered(try reader.integer(bytes: 1)))
        default: stack.append(try remembered(try reader.integer(bytes: 4)))
        }
    }

    private func remembered(_ index: Int) throws(FormatProblem) -> PickleValue {
        guard let value = memo[index] else {
            throw FormatProblem("its pickle refers to a value \(index) that it did not keep")
        }
        return value
    }

    // MARK: - Objects

    private mutating func followObject(_ instruction: PickleInstruction) throws(FormatProblem) {
        switch instruction {
        case .global:
            let module = try reader.line()
            stack.append(.global(module + "." + (try reader.line())))
        case .stackGlobal:
            let names = try pop(2)
            guard case .text(let module) = names[0], case .text(let name) = names[1] else {
                throw FormatProblem("its pickle names a class by something that is no text")
            }
            stack.append(.global(module + "." + name))
        case .reduce, .newObject:
            let operands = try pop(2)
            stack.append(try call(operands[0], operands[1]))
        case .build:
            // The state of an object: module versions of an OrderedDict, or of no meaning here.
            _ = try pop()
            _ = try top()
        default:
            guard let storage = try arena.storage(try pop()) else {
                stack.append(.opaque(PyTorchStorage.unknownClass))
                return
            }
            try arena.note(storage)
            stack.append(.storage(storage))
        }
    }

    /// What a call would give; only the calls that rebuild plain data and tensors mean anything.
    private mutating func call(
        _ function: PickleValue, _ arguments: PickleValue
    ) throws(FormatProblem) -> PickleValue {
        guard case .global(let name) = function else {
            throw FormatProblem("its pickle calls \(function.description)")
        }
        guard let operands = arena.elements(arguments) else {
            throw FormatProblem("its pickle calls \(name) without a list of arguments")
        }
        switch name {
        case "collections.OrderedDict": return try orderedDictionary(operands)
        case "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor":
            if case .opaque(let name)? = operands.first { return .opaque(name) }
            return .tensor(try arena.tensor(operands))
        case "torch._utils._rebuild_parameter":
            switch operands.first {
            case .tensor(let tensor)?: return .tensor(tensor)
            case .opaque(let name)?: return .opaque(name)
            default: throw FormatProblem("a parameter holds no tensor")
            }
        case "torch.Size": return operands.first ?? arguments
        default: return .opaque(name)
        }
    }

    /// An ordered dictionary, from nothing or from a list of pairs as Python 2 wrote it.
    private mutating func orderedDictionary(
        _ operands: [PickleValue]
    ) throws(FormatProblem) -> PickleValue {
        let index = arena.keep([PickleArena.Member]())
        for pair in operands.first.flatMap({ arena.elements($0) }) ?? [] {
            guard let items = arena.elements(pair), items.count == 2 else {
                throw FormatProblem("a dictionary is made from something that is no pair")
            }
            try arena.insert(items, into: index)
        }
        return .dictionary(index)
    }
}

extension PickleArena {
    /// The storage that a persistent identifier names: kind, class, key, location, count.
    ///
    /// Nil for one of an unknown class.
    func storage(_ identifier: PickleValue) throws(FormatProblem) -> PyTorchStorage? {
        guard let items = elements(identifier), items.count >= 5, case .text("storage") = items[0],
            case .global(let name) = items[1], case .text(let key) = items[2],
            case .integer(let count) = items[4], count >= 0
        else { throw FormatProblem("a tensor's storage is not named as PyTorch does") }
        return PyTorchStorage.type(ofClass: name).map {
            PyTorchStorage(key: key, type: $0, count: count)
        }
    }

    /// The tensor that PyTorch's rebuild functions would make: storage, offset, size, stride.
    func tensor(_ operands: [PickleValue]) throws(FormatProblem) -> PyTorchTensor {
        guard operands.count >= 4, case .storage(let storage) = operands[0],
            case .integer(let offset) = operands[1], let shape = integers(operands[2]),
            let strides = integers(operands[3])
        else { throw FormatProblem("a tensor is not described as PyTorch does") }
        return try PyTorchTensor(storage: storage, offset: offset, shape: shape, strides: strides)
    }

    private func integers(_ value: PickleValue) -> [Int]? {
        guard let elements = elements(value) else { return nil }
        let integers = elements.compactMap { element in
            if case .integer(let value) = element { value } else { nil }
        }
        return integers.count == elements.count ? integers : nil
    }
}
