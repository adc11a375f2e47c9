import Foundation
import Tensors
import TestSupport
import Testing

@testable import Detection

/// Assigners against plain second versions of their definitions, and in odd situations.
struct AssignersTests {
    /// Objects drawn from a name, some of them beyond the image.
    private static func targets(_ name: String, count: Int, extent: ImageExtent)
        -> DetectionTargets
    {
        let values = uniform(name, 4 * count)
        let boxes = (0..<count).map { index in
            let x = (values[4 * index] + 1) / 2 * Float(extent.width)
            let y = (values[4 * index + 1] + 1) / 2 * Float(extent.height)
            let width = 4 + (values[4 * index + 2] + 1) * 60
            let height = 4 + (values[4 * index + 3] + 1) * 60
            return Box(x1: x - width / 2, y1: y - height / 2, x2: x + width, y2: y + height)
        }
        return DetectionTargets(
            boxes: boxes, labels: [Int](repeating: 0, count: count), paddedExtent: extent)
    }

    private static func grid(_ extent: ImageExtent) -> LevelGrid {
        let strides = [8, 16, 32, 64, 128]
        return LevelGrid(
            sizes: strides.map {
                ImageExtent(
                    height: (extent.height + $0 - 1) / $0, width: (extent.width + $0 - 1) / $0)
            }, strides: strides)
    }

    /// The definition, with full sorts and no windows.
    private func atss(_ anchors: AnchorGrid, _ targets: DetectionTargets, topk: Int) -> [Int32] {
        var matches = [Int32](repeating: 0, count: anchors.count)
        var best = [Float](repeating: -1, count: anchors.count)
        for (object, box) in targets.boxes.enumerated() {
            var chosen: [(index: Int, anchor: Box)] = []
            for (number, level) in anchors.grid.levels.enumerated() {
                let all = (0..<level.count * anchors.anchorsPerCell).map {
                    ($0, anchors.anchor(level: number, index: $0))
                }
                let sorted = all.sorted { a, b in
                    func distance(_ anchor: Box) -> Float {
                        let dx = anchor.centerX - box.centerX
                        let dy = anchor.centerY - box.centerY
                        return dx * dx + dy * dy
                    }
                    let (left, right) = (distance(a.1), distance(b.1))
                    return left == right ? a.0 < b.0 : left < right
                }
                chosen += sorted.prefix(topk).map {
                    (level.firstCell * anchors.anchorsPerCell + $0.0, $0.1)
                }
            }
            let overlaps = chosen.map { Double(Overlap.iou($0.anchor, box)) }
            let mean = overlaps.reduce(0, +) / Double(overlaps.count)
            let variance = overlaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            let threshold = mean + (variance / Double(overlaps.count - 1)).squareRoot()
            for (candidate, overlap) in zip(chosen, overlaps) where overlap >= threshold {
                let (x, y) = (candidate.anchor.centerX, candidate.anchor.centerY)
                let inside = min(x - box.x1, y - box.y1, box.x2 - x, box.y2 - y) > 0.01
                guard inside, Float(overlap) > best[candidate.index] else { continue }
                best[candidate.index] = Float(overlap)
                matches[candidate.index] = Int32(object + 1)
            }
        }
        return matches
    }

    @Test(arguments: [(320, 320, 1, 9), (96, 250, 3, 9), (40, 33, 2, 4), (700, 64, 1, 30)])
    func windowsHoldAllCandidates(_ height: Int, _ width: Int, _ scales: Int, _ topk: Int) {
        let extent = ImageExtent(height: height, width: width)
        var generator = AnchorGenerator()
        generator.scalesPerOctave = scales
        let anchors = AnchorGrid(generator, Self.grid(extent))
        let targets = Self.targets("atss \(height)", count: 30, extent: extent)
        var assigner = ATSSAssigner()
        assigner.topk = topk
        let matches = assigner.assign(anchors, to: targets)
        #expect(matches == atss(anchors, targets, topk: topk))
        #expect(matches.contains { $0 > 0 })
    }

    @Test func anchorsInCrowdsAreIgnoredWhenAsked() {
        let extent = ImageExtent(height: 128, width: 128)
        let anchors = AnchorGrid(AnchorGenerator(), Self.grid(extent))
        var targets = Self.targets("crowd", count: 3, extent: extent)
        targets.ignoredBoxes = [Box(x1: 0, y1: 0, x2: 100, y2: 100)]
        var assigner = ATSSAssigner()
        #expect(!assigner.assign(anchors, to: targets).contains(Match.ignored))
        assigner.ignoreIofThr = 0.5
        let matches = assigner.assign(anchors, to: targets)
        for (index, match) in matches.enumerated() where match == Match.ignored {
            let level = anchors.grid.levels.lastIndex { $0.firstCell <= index } ?? 0
            let box = anchors.anchor(
                level: level, index: index - anchors.grid.levels[level].firstCell)
            #expect(Overlap.iof(box, targets.ignoredBoxes[0]) > 0.5)
        }
        #expect(matches.contains(Match.ignored))
    }

    @Test(arguments: [FCOSAssigner.Region.box, .center(radius: 1.5)])
    func pointsBelongToTheSmallestObject(_ region: FCOSAssigner.Region) {
        let extent = ImageExtent(height: 200, width: 170)
        let grid = Self.grid(extent)
        let targets = Self.targets("fcos", count: 40, extent: extent)
        let ranges: [ClosedRange<Float>] = [-1...32, 32...64, 64...96, 96...128, 128...1e8]
        let matches = FCOSAssigner(ranges: ranges, region: region).assign(grid, to: targets)
        var cell = 0
        for (level, range) in zip(grid.levels, ranges) {
            for row in 0..<level.height {
                for column in 0..<level.width {
                    let x = (Float(column) + 0.5) * Float(level.stride)
                    let y = (Float(row) + 0.5) * Float(level.stride)
                    let fitting = targets.boxes.indices.filter {
                        fits(targets.boxes[$0], x, y, range, region, level.stride)
                    }
                    let smallest = fitting.min {
                        targets.boxes[$0].area < targets.boxes[$1].area
                    }
                    #expect(matches[cell] == smallest.map { Int32($0 + 1) } ?? 0)
                    cell += 1
                }
            }
        }
    }

    private func fits(
        _ box: Box, _ x: Float, _ y: Float, _ range: ClosedRange<Float>,
        _ region: FCOSAssigner.Region, _ stride: Int
    ) -> Bool {
        let distances = DistanceBoxCoder.encode(box, x: x, y: y)
        var nearCenter = true
        if case .center(let radius) = region {
            let reach = radius * Float(stride)
            nearCenter = abs(x - box.centerX) < reach && abs(y - box.centerY) < reach
        }
        return nearCenter && distances.min() > 0 && range.contains(distances.max())
    }

    @Test(arguments: ["low", "rpn", "rcnn", "one"])
    func thresholdsOfOverlapAreTheReference(_ name: String) throws {
        let golden = try DetectionCase("piece_assign_max_iou_" + name)
        let result = Self.maxIoU(name).assign(
            try golden.boxes("input.priors"),
            to: DetectionTargets(
                boxes: try golden.boxes("input.gt_boxes"),
                labels: try golden.integers("input.gt_labels"),
                ignoredBoxes: try golden.boxes("input.ignore_boxes"),
                paddedExtent: ImageExtent(height: 1, width: 1)))
        #expect(result.matches.map(Int.init) == (try golden.integers("eval.gt_inds")))
        expectClose(result.overlaps, try golden.floats("eval.max_overlaps"), relative: 1e-5)
    }

    private static func maxIoU(_ name: String) -> MaxIoUAssigner {
        switch name {
        case "low": MaxIoUAssigner(posIouThr: 0.5, negIouRange: [0, 0.4], minPosIou: 0)
        case "rpn": MaxIoUAssigner(posIouThr: 0.7, negIouRange: [0, 0.3], minPosIou: 0.3)
        case "one":
            MaxIoUAssigner(
                posIouThr: 0.5, negIouRange: [0.1, 0.4], minPosIou: 0.2, lowQuality: .first)
        default:
            MaxIoUAssigner(
                posIouThr: 0.5, negIouRange: [0, 0.5], minPosIou: 0.5, lowQuality: .none,
                ignoreIofThr: 0.5)
        }
    }

    @Test func objectsThatAreNoBoxesMatchNothing() {
        let extent = ImageExtent(height: 64, width: 64)
        let grid = Self.grid(extent)
        let odd = [
            Box(x1: .nan, y1: 0, x2: 9, y2: 9), Box(x1: 0, y1: 0, x2: .infinity, y2: 9),
            Box(x1: 20, y1: 20, x2: 20, y2: 20), Box(x1: 30, y1: 30, x2: 10, y2: 10),
            Box(x1: -1e30, y1: 0, x2: -1e29, y2: 5),
        ]
        let targets = DetectionTargets(
            boxes: odd, labels: odd.map { _ in 0 }, paddedExtent: extent)
        let anchors = AnchorGrid(AnchorGenerator(), grid)
        #expect(ATSSAssigner().assign(anchors, to: targets).allSatisfy { $0 == 0 })
        let ranges = [ClosedRange<Float>](repeating: -1...1e8, count: 5)
        let matches = FCOSAssigner(ranges: ranges, region: .box).assign(grid, to: targets)
        #expect(matches.allSatisfy { $0 == 0 })
    }
}
