/// The checksum of zip archives: CRC-32 with the polynomial of IEEE 802.3.
enum CRC32 {
    /// Eight tables, so that eight bytes are taken a step: 256 entries for each place of a byte.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for index in 0..<256 {
            var value = UInt32(index)
            for _ in 0..<8 { value = (value >> 1) ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
            tables[index] = value
        }
        for index in 256..<8 * 256 {
            let before = tables[index - 256]
            tables[index] = (before >> 8) ^ tables[Int(before & 0xFF)]
        }
        return tables
    }()

    /// Computes the checksum.
    ///
    /// - Parameter bytes: The content.
    /// - Returns: The checksum, as archives keep it.
    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        tables.withUnsafeBufferPointer { table in
            var crc: UInt32 = 0xFFFF_FFFF
            var offset = 0
            while offset + 8 <= bytes.count {
                let word = UInt64(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                let mixed = word ^ UInt64(crc)
                crc = 0
                for place in 0..<8 {
                    let byte = Int((mixed >> UInt64(8 * place)) & 0xFF)
                    crc ^= table[(7 - place) * 256 + byte]
                }
                offset += 8
            }
            while offset < bytes.count {
                crc = (crc >> 8) ^ table[Int((crc ^ UInt32(bytes[offset])) & 0xFF)]
                offset += 1
            }
            return crc ^ 0xFFFF_FFFF
        }
    }
}
