import Checkpoints
import Foundation
import Layers
import Tensors
import TestSupport
import Testing

@testable import Detection

/// One case of the reference: its inputs, outputs and weights by name.
struct DetectionCase {
    let io: SafetensorsFile
    private let folder: String

    init(_ name: String) throws {
        folder = Goldens.folder + "/detection/" + name
        io = try SafetensorsFile(path: folder + "/io.safetensors")
    }

    func floats(_ name: String) throws -> [Float] { try io.floats(name) }

    func integers(_ name: String) throws -> [Int] { try io.integers(name).map { Int($0) } }

    func scalar(_ name: String) throws -> Float { try #require(io.floats(name).first) }

    func boxes(_ name: String) throws -> [Box] { try Self.boxes(floats(name)) }

    static func boxes(_ x: [Float]) -> [Box] {
        stride(from: 0, to: x.count, by: 4).map {
            Box(x1: x[$0], y1: x[$0 + 1], x2: x[$0 + 2], y2: x[$0 + 3])
        }
    }

    /// A tensor as it stands.
    func tensor(_ name: String) throws -> Tensor {
        Tensor(shape: Shape(try io.required(name).shape), try io.floats(name))
    }

    /// Feature maps, `[N, C, H, W]` in files.
    func map(_ name: String) throws -> Tensor {
        Tensor(channelsFirst: Shape(try io.required(name).shape), try io.floats(name))
    }

    /// Puts the case's weights into a model.
    func loadWeights(into store: ParameterStore) throws {
        let weights = try SafetensorsFile(path: folder + "/weights.safetensors")
        #expect(Set(weights.names) == Set(store.parameters.map(\.name)))
        for parameter in store.parameters {
            let entry = try weights.required(parameter.name)
            #expect(entry.shape == parameter.fileShape.dimensions, "\(parameter.name)")
            parameter.setFileElements(try weights.floats(parameter.name))
        }
    }

    /// Compares all gradients of parameters with the case, by the rules of the reference.
    func expectGradients(_ store: ParameterStore) throws {
        let names = io.names.filter { $0.hasPrefix("grad.") && !$0.hasPrefix("grad.input") }
        let largest = try names.flatMap { try io.floats($0) }.map(abs).max() ?? 0
        #expect(!names.isEmpty)
        for name in names {
            let parameter = try #require(store[String(name.dropFirst(5))])
            let expected = try io.floats(name)
            let actual =
                parameter.fileGradient ?? [Float](repeating: 0, count: expected.count)
            let magnitude = expected.map(abs).max() ?? 0
            expectClose(
                actual, expected, relative: magnitude < 1e-5 * largest ? 2e-2 : 1e-3, name)
        }
    }
}

/// Deterministic values in `-1 ..< 1` from a name.
func uniform(_ name: String, _ count: Int) -> [Float] { fill("cotangent." + name, count) }

extension Detections {
    /// Compares with the stored detections of an image.
    func expectEqual(_ golden: DetectionCase, image: Int) throws {
        let boxes = try golden.floats("eval.det_boxes.\(image)")
        #expect(labels == (try golden.integers("eval.det_labels.\(image)")))
        expectClose(
            scores, try golden.floats("eval.det_scores.\(image)"), relative: 1e-4, "scores")
        expectClose(
            self.boxes.flatMap { [$0.x1, $0.y1, $0.x2, $0.y2] }, boxes, relative: 1e-4, "boxes")
    }
}
