import Checkpoints
import Files
import Foundation
import Testing

/// Gives a fresh path and removes what stands there afterwards.
private func withPath(_ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + UUID().uuidString + ".safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}

/// A file of a header text and a body of zero bytes.
private func file(header: String, body: Int) -> Data {
    var length = UInt64(header.utf8.count).littleEndian
    return Data(bytes: &length, count: 8) + Data(header.utf8) + Data(count: body)
}

@Suite struct SafetensorsFileTests {
    @Test func writtenTensorsAreReadBack() throws {
        try withPath { path in
            var writer = SafetensorsWriter(metadata: ["note": "a \"quoted\" \\ line\n"])
            try writer.add("floats", shape: [2, 2], [1.5, -2, 0.25, 1e-30] as [Float])
            try writer.add("doubles", shape: [3], [0.1, .pi, -1e300] as [Double])
            try writer.add("scalar", shape: [], [Int64.min] as [Int64])
            try writer.add("flag", type: .bool, shape: [1], bytes: Data([1]))
            try writer.write(to: path)
            let read = try SafetensorsFile(path: path)
            #expect(read.metadata == ["note": "a \"quoted\" \\ line\n"])
            #expect(read.names == ["doubles", "scalar", "floats", "flag"])
            #expect(try read.floats("floats") == [1.5, -2, 0.25, 1e-30])
            #expect(try read.doubles("doubles") == [0.1, .pi, -1e300])
            #expect(try read.integers("scalar") == [.min])
            #expect(try read.floats("flag") == [1])
            #expect(read["floats"]?.shape == [2, 2])
            #expect(read["absent"] == nil)
        }
    }

    @Test func sameContentGivesSameBytes() throws {
        try withPath { first in
            try withPath { second in
                for path in [first, second] {
                    var writer = SafetensorsWriter(metadata: ["b": "2", "a": "1", "c": "3"])
                    try writer.add("z", shape: [1], [1] as [Float])
                    try writer.add("a", shape: [1], [2] as [Float])
                    try writer.write(to: path)
                }
                let bytes = try Data(contentsOf: URL(fileURLWithPath: first))
                #expect(try bytes == Data(contentsOf: URL(fileURLWithPath: second)))
                #expect(bytes.count % 8 == 0)
            }
        }
    }

    @Test func halfAndBrainFloatsAreWidened() throws {
        try withPath { path in
            var writer = SafetensorsWriter()
            let half = Data([0x00, 0x3C, 0x01, 0x00])
            try writer.add("half", type: .float16, shape: [2], bytes: half)
            let brain = Data([0x80, 0x3F, 0xC0, 0xC0])
            try writer.add("brain", type: .bfloat16, shape: [2], bytes: brain)
            try writer.write(to: path)
            let read = try SafetensorsFile(path: path)
            #expect(try read.doubles("half") == [1, 0x1p-24])
            #expect(try read.floats("brain") == [1, -6])
        }
    }

    @Test(arguments: [
        (Data(), "empty"),
        (Data([1, 2, 3]), "cut off after 3 bytes"),
        (Data("version https://git-lfs.github.com/spec/v1\noid sha256:1".utf8), "Git LFS"),
        (Data("<!DOCTYPE html><html><body>not found</body></html>".utf8), "web page"),
        (Data([0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 40)), "zip"),
        (file(header: "{}", body: 0).dropLast(1), "inside its header"),
        (file(header: #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, body: 4), "cut"),
        (
            file(header: #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, body: 9),
            "longer"
        ),
        (file(header: #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, body: 8), "gap"),
        (
            file(header: #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, body: 8),
            "shape"
        ),
        (
            file(header: #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}"#, body: 0),
            "shape"
        ),
        (
            file(
                header:
                    #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#,
                body: 0), "shape"
        ),
        (file(header: #"{"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}"#, body: 4), "F99"),
        (file(header: "{\"a\"", body: 0), "in its header"),
        (file(header: #"{"a":{},"a":{}}"#, body: 0), "twice"),
        (
            file(header: #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4.0]}}"#, body: 4),
            "lacks"
        ),
        (file(header: #"{"__metadata__":{"a":1}}"#, body: 0), "not all texts"),
    ]) func brokenFileIsRefused(content: Data, reason: String) throws {
        try withPath { path in
            try content.write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: SafetensorsError.self) {
                try SafetensorsFile(path: path)
            }
            #expect(error?.what.contains(reason) == true)
            #expect(error?.place.contains(path) == true)
        }
    }

    @Test func wrongUseIsRefused() throws {
        var writer = SafetensorsWriter()
        try writer.add("a", shape: [1], [1] as [Float])
        #expect(throws: SafetensorsError.self) { try writer.add("a", shape: [1], [1] as [Float]) }
        #expect(throws: SafetensorsError.self) { try writer.add("b", shape: [2], [1] as [Float]) }
        #expect(throws: FileError.self) { try writer.write(to: "/no/such/folder/x") }
        #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: "/no/such/file") }
    }
}
