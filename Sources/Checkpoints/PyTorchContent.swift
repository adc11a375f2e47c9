import Foundation

/// The object of a PyTorch file and the bytes of its storages.
struct PyTorchContent {
    let root: PickleValue
    let arena: PickleArena
    private let storages: [String: Data]

    private static let largestPickle = 256 << 20

    /// Reads the zip format: `data.pkl` and `data/KEY` under one top folder.
    init(zip data: Data) throws(FormatProblem) {
        let archive = try ZipArchive(data)
        guard let entry = archive.names.first(where: { $0.hasSuffix("/data.pkl") }) else {
            throw FormatProblem("it is a zip archive without data.pkl, not a checkpoint")
        }
        let folder = String(entry.dropLast("data.pkl".count))
        guard !archive.names.contains(folder + "constants.pkl") else {
            throw FormatProblem("it is a TorchScript program, not a checkpoint")
        }
        if let order = try archive.content(folder + "byteorder"), order != Data("little".utf8) {
            throw FormatProblem("its numbers are not little-endian")
        }
        guard let pickle = try archive.content(entry), pickle.count <= Self.largestPickle else {
            throw FormatProblem("its data.pkl is too long")
        }
        var machine = try PickleMachine(pickle)
        root = try machine.run()
        arena = machine.arena
        var storages: [String: Data] = [:]
        for name in archive.names where name.hasPrefix(folder + "data/") {
            storages[String(name.dropFirst(folder.count + 5))] = try archive.content(name)
        }
        self.storages = storages
    }

    /// Reads the format before version 1.6: five pickles in a row, then the storages.
    init(legacy data: Data) throws(FormatProblem) {
        var machine = try PickleMachine(data)
        let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
        guard case .wideInteger(magic) = try machine.run() else {
            throw FormatProblem("it is a pickle, but not of PyTorch: its magic number is wrong")
        }
        guard case .integer(1001) = try machine.run() else {
            throw FormatProblem("its format has an unknown version")
        }
        _ = try machine.run()
        root = try machine.run()
        let keys = try machine.run()
        arena = machine.arena
        storages = try Self.legacyStorages(
            data, at: machine.offset, keys: arena.elements(keys) ?? [],
            sizes: arena.elementSizes)
    }

    private static func legacyStorages(
        _ data: Data, at offset: Int, keys: [PickleValue], sizes: [String: Int]
    ) throws(FormatProblem) -> [String: Data] {
        var storages: [String: Data] = [:]
        var reader = try ByteReader(data, at: offset)
        for value in keys {
            guard case .text(let key) = value, let size = sizes[key] else {
                throw FormatProblem("it lists a storage that no tensor uses")
            }
            let length = try reader.integer(bytes: 8).multipliedReportingOverflow(by: size)
            guard !length.overflow else { throw FormatProblem("a storage is impossibly long") }
            storages[key] = try reader.take(length.partialValue)
        }
        return storages
    }

    /// A tensor with its bytes at hand, after its storage was compared with what it declares.
    ///
    /// - Parameters:
    ///   - tensor: A view of a storage.
    ///   - limit: The most bytes that one tensor may take in memory.
    /// - Returns: The tensor, without a name.
    /// - Throws: `FormatProblem` when its storage is missing or too short.
    func stored(_ tensor: PyTorchTensor, limit: Int) throws(FormatProblem) -> StoredTensor {
        let storage = tensor.storage
        guard let bytes = storages[storage.key] else {
            throw FormatProblem("the storage \(storage.key) is missing")
        }
        let declared = storage.count.multipliedReportingOverflow(by: storage.type.byteCount)
        guard !declared.overflow, declared.partialValue <= bytes.count else {
            throw FormatProblem("the storage \(storage.key) is shorter than it declares")
        }
        let length = tensor.elementCount.multipliedReportingOverflow(by: storage.type.byteCount)
        guard !length.overflow, length.partialValue <= limit else {
            throw FormatProblem(
                "a tensor of shape \(tensor.shape) repeats a few elements too often")
        }
        return StoredTensor(name: "", type: storage.type, shape: tensor.shape) {
            tensor.gather(bytes)
        }
    }
}
