import Annotations
import JSONText
import Testing

@Suite struct RunLengthOperationsTests {
    @Test func unionsAndIntersectionsEqualTheReference() throws {
        for example in try RunLengthGoldens.cases("merge") {
            let masks = try (example["masks"]?.texts ?? []).map(example.mask)
            let union = RunLengthMask.union(masks)
            let intersection = RunLengthMask.intersection(masks)
            #expect(union.text == example.text("union"))
            #expect(intersection.text == example.text("intersection"))
            #expect(union.area == example.count("union_area"))
            #expect(intersection.box.list == example["intersection_bbox"]?.numbers)
        }
    }

    @Test func maskOverlapsEqualTheReference() throws {
        for example in try RunLengthGoldens.cases("mask_iou") {
            let detections = try (example["dt"]?.texts ?? []).map(example.mask)
            let truth = try (example["gt"]?.texts ?? []).map(example.mask)
            let crowds = (example["iscrowd"]?.numbers ?? []).map { $0 == 1 }
            let overlaps = detections.map { detection in
                zip(truth, crowds).map { detection.overlap(with: $0, isCrowd: $1) }
            }
            #expect(overlaps == example["iou"]?.array?.map(\.numbers))
        }
    }

    @Test func boxOverlapsEqualTheReference() throws {
        for example in try RunLengthGoldens.cases("box_iou") {
            let truth = example["gt"]?.array?.map { BoxXYWH($0.numbers) } ?? []
            let crowds = (example["iscrowd"]?.numbers ?? []).map { $0 == 1 }
            let overlaps = example["dt"]?.array?.map { detection in
                zip(truth, crowds).map {
                    BoxXYWH(detection.numbers).overlap(with: $0, isCrowd: $1)
                }
            }
            #expect(overlaps == example["iou"]?.array?.map(\.numbers))
        }
    }

    @Test func otherSizesGiveNothing() throws {
        let small = try RunLengthMask(height: 1, width: 2, counts: [0, 2])
        let large = try RunLengthMask(height: 2, width: 2, counts: [0, 4])
        #expect(RunLengthMask.union([small, large]).counts.isEmpty)
        #expect(RunLengthMask.union([]).counts.isEmpty)
        #expect(small.overlap(with: large) == -1)
        #expect(RunLengthMask.union([small]) == small)
    }
}
