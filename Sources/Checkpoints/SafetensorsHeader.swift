import Foundation
import JSONText

/// The checked header of a safetensors file.
struct SafetensorsHeader {
    /// The reference's own bound; a length beyond it means that the file is something else.
    static let largestHeader = 100_000_000

    private(set) var metadata: [String: String] = [:]
    private(set) var entries: [SafetensorsEntry] = []
    /// Where the tensors' bytes begin in the file.
    let bodyOffset: Int

    private let path: String

    init(_ data: Data, path: String) throws(SafetensorsError) {
        self.path = path
        let length = try Self.headerLength(data, path: path)
        bodyOffset = 8 + length
        let text = [UInt8](data[data.startIndex + 8..<data.startIndex + bodyOffset])
        let members: [JSONObject.Member]
        do {
            let value = try JSONValue(parsing: JSONSource(bytes: text, name: path))
            members = value.object?.members ?? []
        } catch {
            throw Self.foreign(data, path: path, reason: "in its header \(error.what)")
        }
        for member in members {
            if member.key == "__metadata__" {
                metadata = try texts(member)
            } else {
                entries.append(try entry(member.key, member.value))
            }
        }
        entries.sort {
            ($0.byteRange.lowerBound, $0.byteRange.upperBound, $0.name)
                < ($1.byteRange.lowerBound, $1.byteRange.upperBound, $1.name)
        }
        try checkCover(bodyLength: data.count - bodyOffset)
    }

    private static func headerLength(_ data: Data, path: String) throws(SafetensorsError) -> Int {
        guard data.count >= 8 else {
            throw foreign(
                data, path: path,
                reason: data.isEmpty ? "it is empty" : "it is cut off after \(data.count) bytes")
        }
        let length = data.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
        }
        guard length <= UInt64(largestHeader) else {
            throw foreign(
                data, path: path, reason: "its first bytes are no length of a header")
        }
        guard Int(length) <= data.count - 8 else {
            let reason = "it is cut off inside its header of \(length) bytes"
            throw foreign(data, path: path, reason: reason)
        }
        guard length >= 2, data[data.startIndex + 8] == UInt8(ascii: "{") else {
            throw foreign(data, path: path, reason: "its header is no JSON object")
        }
        return Int(length)
    }

    private static func foreign(_ data: Data, path: String, reason: String) -> SafetensorsError {
        let look = FileLook.description(of: data).map { "; it looks like " + $0 } ?? ""
        return SafetensorsError(
            what: "this is no whole safetensors file: \(reason)\(look)", place: path,
            fix: FileLook.fix(for: data))
    }

    private func texts(
        _ member: JSONObject.Member
    ) throws(SafetensorsError) -> [String: String] {
        guard let members = member.value.object?.members else {
            throw broken(member.key, "it is no object")
        }
        var result: [String: String] = [:]
        for text in members {
            guard let value = text.value.string else {
                throw broken(member.key, "its values are not all texts")
            }
            result[text.key] = value
        }
        return result
    }

    private func entry(
        _ name: String, _ value: JSONValue
    ) throws(SafetensorsError) -> SafetensorsEntry {
        guard let typeName = value["dtype"]?.string, let shape = integers(value["shape"]),
            let offsets = integers(value["data_offsets"]), offsets.count == 2
        else { throw broken(name, "its entry lacks dtype, shape or data_offsets") }
        guard let type = SafetensorsType(rawValue: typeName) else {
            throw SafetensorsError(
                what: "the element type \(typeName) is not known", place: "\(path), \(name)",
                fix: "convert the file to one of "
                    + SafetensorsType.allCases.map(\.rawValue).joined(separator: ", "))
        }
        guard let size = type.byteCount(of: shape), offsets[0] >= 0, offsets[0] <= offsets[1],
            offsets[1] - offsets[0] == size
        else { throw broken(name, "its offsets \(offsets) do not fit its shape \(shape)") }
        return SafetensorsEntry(
            name: name, type: type, shape: shape, byteRange: offsets[0]..<offsets[1])
    }

    /// A list of integers and nothing else.
    private func integers(_ value: JSONValue?) -> [Int]? {
        guard let elements = value?.array else { return nil }
        let integers = elements.compactMap(\.integer)
        return integers.count == elements.count ? integers : nil
    }

    /// Tensors must follow each other without a gap and fill the file to its end.
    private func checkCover(bodyLength: Int) throws(SafetensorsError) {
        var end = 0
        for entry in entries {
            guard entry.byteRange.lowerBound == end else {
                throw broken(entry.name, "its bytes overlap another tensor or leave a gap")
            }
            end = entry.byteRange.upperBound
        }
        guard end != bodyLength else { return }
        throw SafetensorsError(
            what: end > bodyLength
                ? "the file is cut off: \(bodyLength) of \(end) bytes of tensors are there"
                : "the file is \(bodyLength - end) bytes longer than its header says",
            place: path, fix: "copy or download it again")
    }

    private func broken(_ name: String, _ reason: String) -> SafetensorsError {
        SafetensorsError(
            what: "the header is broken: \(reason)", place: "\(path), \(name)",
            fix: "write or download the file again")
    }
}
