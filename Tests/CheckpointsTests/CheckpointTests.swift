import Checkpoints
import Foundation
import JSONText
import Tensors
import TestSupport
import Testing

/// The reference list of files and of what must happen with each.
private enum Manifest {
    static let folder = Goldens.folder + "/checkpoints/"

    static let files: [JSONValue] =
        (try? JSONValue.read(path: folder + "manifest.json"))?["files"]?.array ?? []

    /// Names of the files of which one thing must happen.
    static func names(_ must: (String) -> Bool) -> [String] {
        files.filter { must($0["must"]?.string ?? "") }.compactMap { $0["file"]?.string }
    }

    static func entry(_ name: String) -> JSONValue? { files.first { $0["file"]?.string == name } }

    static func tensors(_ name: String) -> [JSONValue] {
        let twin = entry(name)?["same_tensors_as"]?.string
        return entry(twin ?? name)?["tensors"]?.array ?? []
    }
}

/// The name of a reference tensor once wrapper and data-parallel prefix are off, or nil for one
/// that stands under another wrapper.
private func shortName(_ tensor: JSONValue, under wrapper: String) -> String? {
    guard var name = tensor["name"]?.string else { return nil }
    if !wrapper.isEmpty {
        guard name.hasPrefix(wrapper + "/") else { return nil }
        name = String(name.dropFirst(wrapper.count + 1))
    }
    return name.hasPrefix("module.") ? String(name.dropFirst(7)) : name
}

/// A reference number, where `"nan"`, `"inf"` and `"-inf"` are texts.
private func number(_ value: JSONValue) -> Double {
    value.double ?? value.string.flatMap { Double($0) } ?? .nan
}

@Suite struct CheckpointTests {
    @Test(arguments: ["nested.pth", "average_alone.pth"])
    func allWrappersAndPrefixesAreTakenOff(file: String) throws {
        let checkpoint = try Checkpoint(path: Goldens.folder + "/checkpoints_wrapped/" + file)
        #expect(checkpoint.tensors.map(\.name).sorted() == ["a", "b"])
        let first = try #require(checkpoint.namedTensors.first { $0.name == "a" })
        #expect(try first.elements() == [0, 1, 2])
        #expect(checkpoint.notes.count > 1, "what was taken off is said")
    }

    @Test(arguments: [
        ("numpy.pth", "a NumPy array"), ("sparse.pth", "a sparse tensor"),
        ("quantized.pth", "a quantized tensor"), ("float8.pth", "a number type that is not read"),
    ]) func aWeightOfAKindThatIsNotReadIsNamed(file: String, kind: String) throws {
        let checkpoint = try Checkpoint(path: Goldens.folder + "/checkpoints_unread/" + file)
        #expect(checkpoint.tensors.map(\.name) == ["a"])
        #expect(checkpoint.notes.contains { $0.contains("b, ") && $0.contains(kind) })
        try checkpoint.refuseUnread(among: ["a"])
        let error = #expect(throws: CheckpointError.self) {
            try checkpoint.refuseUnread(among: ["a", "b"])
        }
        #expect(error?.what.contains(kind) == true && error?.place.hasSuffix(file) == true)
    }

    /// What stands outside the weights must not keep the weights from being read.
    @Test func anOptimizersTensorOfAnUnknownTypeIsPassedOver() throws {
        let folder = Goldens.folder + "/checkpoints_unread/"
        let checkpoint = try Checkpoint(path: folder + "float8_state.pth")
        #expect(checkpoint.tensors.map(\.name) == ["a", "b"] && checkpoint.unread.isEmpty)
    }

    @Test func manifestIsThere() { #expect(Manifest.files.count == 117) }

    @Test(arguments: Manifest.names { $0 == "load" }) func loadsEveryTensor(name: String) throws {
        let checkpoint = try Checkpoint(path: Manifest.folder + name)
        let wrapper = ["state_dict", "model"].first { wrapper in
            Manifest.tensors(name).contains { $0["name"]?.string?.hasPrefix(wrapper + "/") == true }
        }
        var expected: [String: JSONValue] = [:]
        for tensor in Manifest.tensors(name) {
            if let short = shortName(tensor, under: wrapper ?? "") { expected[short] = tensor }
        }
        #expect(Set(checkpoint.tensors.map(\.name)) == Set(expected.keys))
        for tensor in checkpoint.namedTensors {
            let reference = try #require(expected[tensor.name])
            let elements = try tensor.elements().map(Double.init)
            #expect(tensor.shape.dimensions == reference["shape"]?.array?.compactMap(\.integer))
            let first = reference["first"]?.array?.map(number) ?? []
            for (y, r) in zip(elements, first) {
                #expect(Float(y) == Float(r) || (y.isNaN && r.isNaN), "\(tensor.name)")
            }
            let sum = elements.reduce(0, +)
            let total = number(reference["sum"] ?? .init(.null))
            // The reference sums in 64 bits what here was rounded to 32, each by up to 6e-8.
            let largest = elements.reduce(1) { max($0, abs($1)) }
            #expect(
                sum == total || (sum.isNaN && total.isNaN)
                    || abs(sum - total) <= 1e-6 * largest, "\(tensor.name)")
        }
    }

    @Test(arguments: Manifest.names { $0 == "refuse" }) func refusesWithThreeLines(name: String) {
        let error = #expect(throws: (any Error).self) {
            let checkpoint = try Checkpoint(path: Manifest.folder + name)
            for tensor in checkpoint.tensors { _ = try tensor.bytes() }
        }
        let described = error as? any DescribedError
        #expect(described?.place.contains(name) == true)
        #expect(described?.fix.isEmpty == false)
    }

    @Test(arguments: Manifest.names { $0.hasPrefix("refuse or") })
    func oddFilesEndWithoutHarm(name: String) {
        // Either is right: an error, or the harmless part of the file.
        let names = try? Checkpoint(path: Manifest.folder + name).tensors.map(\.name)
        #expect(names == nil || names == ["w"] || names == ["0"] || names?.isEmpty == true)
    }

    @Test func averageIsTakenOnlyWhenAsked() throws {
        let path = Manifest.folder + "wrap_model_ema.pth"
        let trained = try Checkpoint(path: path)
        let average = try Checkpoint(path: path, weights: .average)
        #expect(trained.tensors.map(\.name) == average.tensors.map(\.name))
        for (one, three) in zip(trained.namedTensors, average.namedTensors)
        where one.kind == .floats {
            expectClose(
                try three.elements(), try one.elements().map { 3 * $0 }, relative: 1e-6, one.name)
        }
    }

    @Test func backbonePartSaysWhatItLeavesOut() throws {
        let whole = try Checkpoint(path: Manifest.folder + "mmdet_style.pth")
        let part = whole.part("backbone.")
        #expect(part.tensors.count == 148)
        #expect(part.tensors.allSatisfy { !$0.name.hasPrefix("backbone.") })
        #expect(part.notes.last == "3 tensors outside \"backbone.\" are left out: bbox_head, neck")
        #expect(part.part("backbone.").tensors.count == 148)
    }

    @Test func conversionKeepsTypesAndBits() throws {
        let path = NSTemporaryDirectory() + UUID().uuidString + ".safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let source = try Checkpoint(path: Manifest.folder + "dtypes.pth")
        try source.writeSafetensors(to: path)
        let copy = try Checkpoint(path: path)
        let copies = Dictionary(uniqueKeysWithValues: copy.tensors.map { ($0.name, $0) })
        for tensor in source.tensors {
            #expect(copies[tensor.name]?.type == tensor.type)
            #expect(try copies[tensor.name]?.bytes() == tensor.bytes())
        }
    }
}
