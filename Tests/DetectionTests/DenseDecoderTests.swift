import Foundation
import Layers
import Tensors
import TestSupport
import Testing

@testable import Detection

/// Detections from raw maps in odd situations, and against a plain second version.
struct DenseDecoderTests {
    private static let classes = 3

    private static func output(_ sizes: [Int], _ name: String, spread: Float) -> HeadOutput {
        func map(_ size: Int, _ channels: Int, _ part: String) -> Tensor {
            let shape: Shape = [2, size, size, channels]
            let values = uniform("\(name) \(part) \(size)", shape.count).map { $0 * spread }
            return Tensor(shape: shape, values)
        }
        return HeadOutput(
            levels: sizes.map {
                HeadOutput.Level(
                    classLogits: map($0, classes, "classes"), boxes: map($0, 4, "boxes"),
                    centerness: map($0, 1, "centerness"))
            })
    }

    private static func head(_ strides: [Int], _ decoding: DecodingConfiguration) throws -> ATSSHead
    {
        var configuration = ATSSConfiguration()
        configuration.stackedConvs = 0
        configuration.testCfg = decoding
        return try ATSSHead(
            ParameterScope(ParameterStore()), configuration,
            inputs: strides.map { FeatureSpec(stride: $0, channels: 32) }, classCount: classes)
    }

    @Test func detectionsAreSortedInsideTheirImageAndLimited() throws {
        var decoding = DecodingConfiguration()
        decoding.maxPerImg = 15
        let head = try Self.head([8, 16], decoding)
        let extents = [
            ImageExtent(height: 60, width: 64), ImageExtent(height: 40, width: 20),
        ]
        let found = head.decode(Self.output([8, 4], "decode", spread: 4), extents: extents)
        for (detections, extent) in zip(found, extents) {
            #expect(detections.count == 15)
            #expect(detections.scores == detections.scores.sorted(by: >))
            #expect(detections.labels.allSatisfy { (0..<Self.classes).contains($0) })
            for box in detections.boxes {
                #expect(box == box.clipped(to: extent) && box.width > 0 && box.height > 0)
            }
        }
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity, 1e38])
    func predictionsThatAreNoNumbersAreDropped(_ value: Float) throws {
        var output = Self.output([8, 4], "odd", spread: 3)
        for level in output.levels.indices {
            for keyPath in [
                \HeadOutput.Level.classLogits, \HeadOutput.Level.boxes,
                \HeadOutput.Level.centerness,
            ] {
                let map = output.levels[level][keyPath: keyPath]
                var elements = map.elements
                for index in stride(from: 0, to: elements.count, by: 7) { elements[index] = value }
                output.levels[level][keyPath: keyPath] = Tensor(shape: map.shape, elements)
            }
        }
        let extent = ImageExtent(height: 64, width: 64)
        for least in [Float(0), -1] {
            var decoding = DecodingConfiguration()
            decoding.minBboxSize = least
            let found = try Self.head([8, 16], decoding).decode(output, extents: [extent, extent])
            #expect(found.allSatisfy { $0.boxes.allSatisfy(\.isFinite) })
            #expect(found.allSatisfy { $0.scores.allSatisfy { !$0.isNaN } })
        }
    }

    /// Soft suppression of everything that a head finds, by its definition in double precision.
    @Test(arguments: SuppressionConfiguration.Method.allCases)
    func headLowersScoresAsItsConfigurationSays(
        _ method: SuppressionConfiguration.Method
    ) throws {
        let output = Self.output([8, 4], "soft", spread: 4)
        let extents = Array(repeating: ImageExtent(height: 64, width: 64), count: 2)
        var decoding = DecodingConfiguration(iouThreshold: 1)
        decoding.maxPerImg = 10_000
        let all = try Self.head([8, 16], decoding).decode(output, extents: extents)
        decoding.nms.type = .softNms
        decoding.nms.iouThreshold = 0.3
        decoding.nms.minScore = 0.1
        decoding.nms.method = method
        decoding.maxPerImg = 12
        let found = try Self.head([8, 16], decoding).decode(output, extents: extents)
        for (all, found) in zip(all, found) {
            var rest = zip(all.boxes.indices, all.scores).map { (index: $0, score: Double($1)) }
            var wanted: [(index: Int, score: Double)] = []
            while let best = rest.max(by: { $0.score < $1.score }), best.score >= 0.1 {
                wanted.append(best)
                rest = rest.filter { $0.index != best.index }.map { other in
                    guard all.labels[other.index] == all.labels[best.index] else { return other }
                    let iou = Double(Overlap.iou(all.boxes[other.index], all.boxes[best.index]))
                    let factor =
                        switch method {
                        case .linear: iou >= 0.3 ? 1 - iou : 1
                        case .gaussian: exp(-iou * iou / 0.5)
                        case .naive: iou >= 0.3 ? 0.0 : 1
                        }
                    return (other.index, other.score * factor)
                }
            }
            #expect(wanted.count >= 12 && found.count == 12)
            #expect(found.boxes == wanted.prefix(12).map { all.boxes[$0.index] })
            #expect(found.labels == wanted.prefix(12).map { all.labels[$0.index] })
            expectClose(
                found.scores, wanted.prefix(12).map { Float($0.score) }, relative: 1e-5)
        }
    }

    @Test func imageSmallerThanTheLargestStrideHasTargetsAndDetections() throws {
        let atss = try Self.head([8, 16, 32, 64, 128], DecodingConfiguration())
        var configuration = FCOSConfiguration()
        configuration.stackedConvs = 0
        let fcos = try FCOSHead(
            ParameterScope(ParameterStore()), configuration,
            inputs: DenseHeadCase.features, classCount: Self.classes)
        let extent = ImageExtent(height: 8, width: 8)
        let output = Self.output([1, 1, 1, 1, 1], "tiny", spread: 2)
        let object = DetectionTargets(
            boxes: [Box(x1: -2, y1: -2, x2: 8, y2: 8)], labels: [1], paddedExtent: extent)
        let empty = DetectionTargets(boxes: [], labels: [], paddedExtent: extent)
        for head in [atss, fcos] as [any DetectionHead] {
            for targets in [[object, empty], [empty, empty]] {
                for loss in head.losses(output, targets) {
                    #expect(loss.value.scalar.isFinite, "\(loss.name)")
                }
            }
            #expect(head.decode(output, extents: [extent, extent]).count == 2)
        }
    }

    @Test func batchWithoutObjectsHasNoGradientForBoxes() throws {
        let head = try Self.head([8, 16], DecodingConfiguration())
        let extent = ImageExtent(height: 64, width: 64)
        let empty = DetectionTargets(boxes: [], labels: [], paddedExtent: extent)
        let output = Self.output([8, 4], "empty", spread: 2)
        let sinks = output.tensors.map { _ in GradientSink() }
        let (losses, tape) = Tape.record {
            let leaves = zip(output.tensors, sinks).map { $0.leaf($1) }
            return head.losses(HeadOutput(tensors: leaves), [empty, empty])
        }
        #expect(losses.map(\.name) == ["loss_cls", "loss_bbox", "loss_centerness"])
        #expect(losses[0].value.scalar > 0)
        #expect(losses[1].value.scalar == 0 && losses[2].value.scalar == 0)
        tape.backward(
            from: losses.map { ($0.value, Tensor(shape: $0.value.shape, repeating: 1)) })
        for (index, sink) in sinks.enumerated() {
            let elements = sink.value?.elements ?? []
            #expect(elements.count == output.tensors[index].count)
            #expect(elements.contains { $0 != 0 } == (index % 3 == 0))
        }
    }

    @Test(
        arguments: [
            (0.05, 10), (0.5, 1000), (0, 37), (1, 10), (0.3, 400),
        ] as [(Float, Int)])
    func selectionHoldsTheBestScores(_ threshold: Float, _ limit: Int) {
        var logits = uniform("selection", 4001).map { $0 * 12 }
        logits[17] = .nan
        logits[18] = .infinity
        logits[19] = -.infinity
        let selected = logits.withUnsafeBufferPointer {
            ScoreSelection(threshold: threshold, limit: limit)($0)
        }
        let expected = logits.indices.filter { ScoreSelection.sigmoid(logits[$0]) > threshold }
            .sorted { a, b in
                let (left, right) = (
                    ScoreSelection.sigmoid(logits[a]), ScoreSelection.sigmoid(logits[b])
                )
                return left == right ? a < b : left > right
            }
        #expect(selected.map { Int($0.index) } == Array(expected.prefix(limit)))
    }

    @Test func factorOfALevelHasTheSumOfProductsAsGradient() {
        let x = Tensor(shape: [2, 3], uniform("x", 6))
        let dy = Tensor(shape: [2, 3], uniform("dy", 6))
        let (xSink, factorSink) = (GradientSink(), GradientSink())
        let (y, tape) = Tape.record {
            ScalarScale()(x.leaf(xSink), Tensor(shape: [], [2]).leaf(factorSink))
        }
        tape.backward(from: [(y, dy)])
        #expect(y.elements == x.elements.map { 2 * $0 })
        #expect(xSink.value?.elements == dy.elements.map { 2 * $0 })
        let product = zip(x.elements, dy.elements).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        expectClose([factorSink.value?.scalar ?? 0], [Float(product)], relative: 1e-6)
    }
}
