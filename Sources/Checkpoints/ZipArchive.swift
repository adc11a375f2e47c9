import Foundation

/// The entries of a zip archive as PyTorch writes it: stored, never compressed or encrypted.
///
/// The central directory is trusted only after it was compared with the file: entries lie inside
/// it, do not overlap, have different names, and their checksums hold.
struct ZipArchive {
    /// One file of the archive.
    private struct Entry {
        let name: String
        let checksum: UInt32
        let size: Int
        let headerOffset: Int
        var content = 0..<0
    }

    private let data: Data
    private var entries: [String: Entry] = [:]

    /// The names of all entries.
    var names: [String] { entries.keys.sorted() }

    init(_ data: Data) throws(FormatProblem) {
        self.data = data
        let end = try EndRecord(data)
        var reader = try ByteReader(data, at: end.directoryOffset)
        for _ in 0..<end.entryCount {
            let entry = try Self.directoryEntry(&reader)
            guard entries.updateValue(entry, forKey: entry.name) == nil else {
                throw FormatProblem("two of its entries are called \(entry.name)")
            }
        }
        guard reader.offset == end.directoryOffset + end.directorySize else {
            throw FormatProblem("its directory has another length than its end record says")
        }
        try locateContents(before: end.directoryOffset)
    }

    /// The content of an entry, checksum verified, or nil when there is none of that name.
    func content(_ name: String) throws(FormatProblem) -> Data? {
        guard let entry = entries[name] else { return nil }
        let start = data.startIndex + entry.content.lowerBound
        let content = data[start..<start + entry.content.count]
        guard content.withUnsafeBytes({ CRC32.checksum($0) }) == entry.checksum else {
            throw FormatProblem("the checksum of its entry \(name) is wrong")
        }
        return content
    }

    // MARK: - Directory

    private static func directoryEntry(_ reader: inout ByteReader) throws(FormatProblem) -> Entry {
        guard try reader.integer(bytes: 4) == 0x0201_4B50 else {
            throw FormatProblem("its directory is damaged")
        }
        _ = try reader.take(4)
        let flags = try reader.integer(bytes: 2)
        let method = try reader.integer(bytes: 2)
        _ = try reader.take(4)
        let checksum = UInt32(try reader.integer(bytes: 4))
        let packed = try reader.integer(bytes: 4)
        let size = try reader.integer(bytes: 4)
        let nameLength = try reader.integer(bytes: 2)
        let extraLength = try reader.integer(bytes: 2)
        let commentLength = try reader.integer(bytes: 2)
        _ = try reader.take(8)
        let offset = try reader.integer(bytes: 4)
        let name = try ByteReader.text(try reader.take(nameLength))
        var wide = try WideFields(try reader.take(extraLength))
        _ = try reader.take(commentLength)
        let fullSize = try wide.value(size)
        let fullPacked = try wide.value(packed)
        let fullOffset = try wide.value(offset)
        guard flags & 1 == 0 else { throw FormatProblem("its entry \(name) is encrypted") }
        guard method == 0, fullSize == fullPacked else {
            throw FormatProblem(
                name.contains("/code/")
                    ? "it is a TorchScript archive, a program; save its state_dict() instead"
                    : "its entry \(name) is compressed, which torch.save never does")
        }
        return Entry(name: name, checksum: checksum, size: fullSize, headerOffset: fullOffset)
    }

    /// Finds each entry's bytes from its local header, and refuses overlaps.
    private mutating func locateContents(before limit: Int) throws(FormatProblem) {
        var end = 0
        for entry in entries.values.sorted(by: { $0.headerOffset < $1.headerOffset }) {
            guard entry.headerOffset >= end else {
                throw FormatProblem("its entries overlap at \(entry.name)")
            }
            var reader = try ByteReader(data, at: entry.headerOffset)
            guard try reader.integer(bytes: 4) == 0x0403_4B50 else {
                throw FormatProblem("its entry \(entry.name) does not stand where it should")
            }
            _ = try reader.take(22)
            let nameLength = try reader.integer(bytes: 2)
            let extraLength = try reader.integer(bytes: 2)
            guard try reader.take(nameLength) == Data(entry.name.utf8) else {
                throw FormatProblem("its entry \(entry.name) has another name in its header")
            }
            _ = try reader.take(extraLength)
            let start = reader.offset
            guard start <= limit, entry.size <= limit - start else {
                throw FormatProblem("its entry \(entry.name) reaches outside the file")
            }
            end = start + entry.size
            entries[entry.name]?.content = start..<end
        }
    }
}

/// The 64-bit values of an entry, which stand in an extra field where 32 bits do not suffice.
private struct WideFields {
    private var reader: ByteReader?

    init(_ extra: Data) throws(FormatProblem) {
        var fields = try ByteReader(extra)
        while fields.remaining >= 4 {
            let identifier = try fields.integer(bytes: 2)
            let content = try fields.take(try fields.integer(bytes: 2))
            if identifier == 1 { reader = try ByteReader(content) }
        }
    }

    /// The value itself, or the next wide one where it is all ones.
    mutating func value(_ narrow: Int) throws(FormatProblem) -> Int {
        guard narrow == 0xFFFF_FFFF else { return narrow }
        guard var wide = reader else { throw FormatProblem("its directory is damaged") }
        let value = try wide.integer(bytes: 8)
        reader = wide
        return value
    }
}

/// The record at the end of an archive: where its directory stands.
private struct EndRecord {
    private(set) var entryCount: Int
    private(set) var directorySize: Int
    private(set) var directoryOffset: Int

    init(_ data: Data) throws(FormatProblem) {
        let start = data.count - 22
        guard start >= 0 else { throw FormatProblem("it is cut off") }
        var reader = try ByteReader(data, at: start)
        // The record stands at the very end: PyTorch writes no comment behind it.
        guard try reader.integer(bytes: 4) == 0x0605_4B50 else {
            throw FormatProblem("it is cut off: the end record of the zip archive is missing")
        }
        _ = try reader.take(4)
        let entriesHere = try reader.integer(bytes: 2)
        entryCount = try reader.integer(bytes: 2)
        directorySize = try reader.integer(bytes: 4)
        directoryOffset = try reader.integer(bytes: 4)
        guard entriesHere == entryCount else { throw FormatProblem("its end record is damaged") }
        let end = try readWide(data, locator: start - 20) ?? start
        guard directoryOffset <= end, directorySize == end - directoryOffset else {
            throw FormatProblem("its directory does not stand where its end record says")
        }
    }

    /// Reads the 64-bit record, which PyTorch writes always, and returns where it begins; nil when
    /// no locator points to one.
    private mutating func readWide(_ data: Data, locator: Int) throws(FormatProblem) -> Int? {
        guard locator >= 0 else { return nil }
        var reader = try ByteReader(data, at: locator)
        guard try reader.integer(bytes: 4) == 0x0706_4B50 else { return nil }
        _ = try reader.take(4)
        let start = try reader.integer(bytes: 8)
        reader = try ByteReader(data, at: start)
        guard try reader.integer(bytes: 4) == 0x0606_4B50 else {
            throw FormatProblem("its end record is damaged")
        }
        _ = try reader.take(28)
        let wide = [
            try reader.integer(bytes: 8), try reader.integer(bytes: 8),
            try reader.integer(bytes: 8),
        ]
        let narrow = [entryCount, directorySize, directoryOffset]
        let limits = [0xFFFF, 0xFFFF_FFFF, 0xFFFF_FFFF]
        for index in wide.indices where narrow[index] != min(wide[index], limits[index]) {
            throw FormatProblem("its two end records differ")
        }
        (entryCount, directorySize, directoryOffset) = (wide[0], wide[1], wide[2])
        return start
    }
}
