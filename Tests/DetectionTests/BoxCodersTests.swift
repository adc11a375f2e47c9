import Tensors
import TestSupport
import Testing

@testable import Detection

/// Box coders and overlaps against mmdetection's.
struct BoxCodersTests {
    private let golden: DetectionCase
    private let boxes: [Box]
    private let objects: [Box]

    init() throws {
        golden = try DetectionCase("piece_box_coders")
        boxes = try golden.boxes("input.boxes")
        objects = try golden.boxes("input.gt")
    }

    private func coder(_ name: String) -> DeltaBoxCoder {
        name == "b"
            ? DeltaBoxCoder(targetMeans: [0.1, 0, -0.1, 0], targetStds: [0.1, 0.1, 0.2, 0.2])
            : DeltaBoxCoder()
    }

    private func flat(_ boxes: [Box]) -> [Float] {
        boxes.flatMap { [$0.x1, $0.y1, $0.x2, $0.y2] }
    }

    private func flat(_ codes: [SIMD4<Float>]) -> [Float] {
        codes.flatMap { [$0.x, $0.y, $0.z, $0.w] }
    }

    @Test(arguments: ["a", "b", "c"]) func deltasAreTheReference(_ name: String) throws {
        let coder = coder(name)
        expectClose(
            flat(zip(boxes, objects).map { coder.encode($1, anchor: $0) }),
            try golden.floats("eval.encode." + name), relative: 1e-5)
        let deltas = try golden.tensor("input.deltas")
        let extent = ImageExtent(height: 50, width: 58)
        let decoded = boxes.enumerated().map { index, box in
            let decoded = coder.decode(deltas.row(index), anchor: box)
            return name == "c" ? decoded : decoded.clipped(to: extent)
        }
        expectClose(flat(decoded), try golden.floats("eval.decode." + name), relative: 1e-5)
    }

    @Test func deviationsInvertWhatTheyScale() {
        let coder = DeltaBoxCoder(
            targetMeans: [0.1, 0, -0.1, 0], targetStds: [0.1, 0.1, 0.2, 0.2])
        for (anchor, box) in zip(boxes, objects) where anchor.area > 0 && box.area > 0 {
            let back = coder.decode(coder.encode(box, anchor: anchor), anchor: anchor)
            expectClose(flat([back]), flat([box]), relative: 1e-4)
        }
    }

    @Test func distancesAreTheReference() throws {
        let points = try golden.floats("input.points")
        let distances = try golden.tensor("input.distances")
        let extent = ImageExtent(height: 50, width: 58)
        let decoded = boxes.indices.map {
            DistanceBoxCoder.decode(distances.row($0), x: points[2 * $0], y: points[2 * $0 + 1])
                .clipped(to: extent)
        }
        expectClose(flat(decoded), try golden.floats("eval.distance_decode"), relative: 1e-5)
        let encoded = objects.indices.map {
            DistanceBoxCoder.encode(
                objects[$0], x: points[2 * $0], y: points[2 * $0 + 1], reach: 16)
        }
        expectClose(flat(encoded), try golden.floats("eval.distance_encode"), relative: 1e-5)
    }

    @Test(arguments: ["iou", "iof", "giou"]) func overlapsAreTheReference(_ name: String) throws {
        let measures = ["iou": Overlap.iou, "iof": Overlap.iof, "giou": Overlap.giou]
        let measure = try #require(measures[name])
        let pairs = boxes.flatMap { box in objects.map { measure(box, $0) } }
        expectClose(pairs, try golden.floats("eval.overlaps." + name), relative: 1e-5)
        expectClose(
            zip(boxes, objects).map(measure), try golden.floats("eval.overlaps_aligned." + name),
            relative: 1e-5)
    }

    @Test(arguments: [Float(1), 6]) func decodingHasTheGradientOfItsDifferences(_ reach: Float) {
        let coder = DeltaBoxCoder(targetStds: [0.1, 0.1, 0.9, 0.9])
        let anchors = (0..<5).map { Box(x1: 2, y1: 3, x2: 9 + Float($0), y2: 20) }
        let deltas = uniform("deltas", 20).map { $0 * reach }
        let cotangent = uniform("cotangent", 20)
        func value(_ deltas: [Float]) -> Double {
            let boxes = coder.decode(Tensor(shape: [5, 4], deltas), anchors: anchors).elements
            return zip(boxes, cotangent).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let sink = GradientSink()
        let (boxes, tape) = Tape.record {
            coder.decode(Tensor(shape: [5, 4], deltas).leaf(sink), anchors: anchors)
        }
        tape.backward(from: [(boxes, Tensor(shape: [5, 4], cotangent))])
        let numeric = deltas.indices.map { index in
            var (up, down) = (deltas, deltas)
            up[index] += 1e-2
            down[index] -= 1e-2
            return Float((value(up) - value(down)) / Double(up[index] - down[index]))
        }
        expectClose(sink.value?.elements ?? [], numeric, relative: 2e-3)
    }
}
