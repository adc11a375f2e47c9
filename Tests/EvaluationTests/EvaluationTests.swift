import Annotations
import Checkpoints
import Evaluation
import JSONText
import Testing

/// Images of 100 x 100 pixels, ids from 1 on, and one category of id 1.
private func dataset(images: Int = 1, _ annotations: [COCOAnnotation]?) -> COCODataset {
    COCODataset(
        images: (1...images).map {
            COCOImage(id: .number(Int64($0)), fileName: "", width: 100, height: 100)
        }, categories: [COCOCategory(id: .number(1), name: "thing")], annotations: annotations)
}

private func object(_ id: Int64, _ box: BoxXYWH, isCrowd: Bool = false) -> COCOAnnotation {
    COCOAnnotation(
        id: .number(id), imageID: .number(1), categoryID: .number(1), box: box, area: box.area,
        isCrowd: isCrowd)
}

private func detection(
    _ box: BoxXYWH, score: Double = 0.5, image: COCOIdentifier = .number(1)
) -> COCODetection {
    COCODetection(imageID: image, categoryID: .number(1), score: score, box: box)
}

private let box = BoxXYWH(x: 10, y: 10, width: 40, height: 40)

@Suite struct EvaluationTests {
    @Test(arguments: GoldenCase.names) func arraysAndNumbersEqualTheReference(name: String) throws {
        let golden = try GoldenCase(name)
        let result = try Evaluation.evaluate(
            truth: golden.truth, detections: golden.detections, parameters: golden.parameters)
        #expect(result.arrays.shape == golden.expected["precision"]?.shape)
        #expect(try result.arrays.precision == golden.expected.doubles("precision"))
        #expect(try result.arrays.recall == golden.expected.doubles("recall"))
        #expect(try result.arrays.scores == golden.expected.doubles("scores"))
        #expect(try result.stats == golden.expected.doubles("stats"))
    }

    @Test func perfectCopyIsPerfect() throws {
        let result = try Evaluation.evaluate(
            truth: dataset([object(1, box)]), detections: [detection(box)],
            parameters: COCOParameters())
        let one = 0.9999999999999998
        #expect(abs(result.stats[0] - one) < 1e-15)
        #expect(result.classes[0].averageRecall == 1)
        #expect(
            result.lines[0].hasPrefix(" Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all"))
        #expect(
            result.lines[8].hasSuffix(
                "Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 1.000"))
    }

    @Test func noDetectionsGiveZero() throws {
        let result = try Evaluation.evaluate(
            truth: dataset([object(1, box)]), detections: [], parameters: COCOParameters())
        #expect(result.stats == [0, 0, 0, -1, 0, -1, 0, 0, 0, -1, 0, -1])
    }

    @Test(arguments: [nil, [], [object(1, box, isCrowd: true)]] as [[COCOAnnotation]?])
    func nothingToFindGivesMinusOne(annotations: [COCOAnnotation]?) throws {
        let result = try Evaluation.evaluate(
            truth: dataset(annotations), detections: [detection(box)], parameters: COCOParameters())
        #expect(result.stats == [Double](repeating: -1, count: 12))
    }

    @Test func annotationZeroIsReportedBothWays() throws {
        let warnings = Warnings()
        let result = try Evaluation.evaluate(
            truth: dataset([object(0, box)]), detections: [detection(box)],
            parameters: COCOParameters(), warnings: warnings)
        let other = try Evaluation.evaluate(
            truth: dataset([object(7, box)]), detections: [detection(box)],
            parameters: COCOParameters())
        #expect(result.stats[0] == 0)
        #expect(result.statsWithoutZeroQuirk == other.stats)
        #expect(warnings.summary.contains("id 0"))
    }

    @Test func unknownImageIsRefusedByName() {
        let error = #expect(throws: EvaluationError.self) {
            try Evaluation.evaluate(
                truth: dataset([]),
                detections: [detection(box), detection(box, image: .text("x"))],
                parameters: COCOParameters())
        }
        #expect(error?.what.contains("\"x\"") == true)
        #expect(error?.place == "results, [1].image_id")
    }

    @Test(arguments: ["iou", "recall", "limits", "areas"])
    func unusableParameterIsRefused(name: String) {
        var parameters = COCOParameters()
        switch name {
        case "iou": parameters.iouThresholds = []
        case "recall": parameters.recallThresholds = [.nan]
        case "limits": parameters.maxDetections = [100]
        default: parameters.areaRanges = []
        }
        #expect(throws: EvaluationError.self) {
            try Evaluation.evaluate(truth: dataset([]), detections: [], parameters: parameters)
        }
    }

    @Test func outcomesCountEveryImage() throws {
        var parameters = COCOParameters()
        parameters.outcomes = .kept
        let far = BoxXYWH(x: 60, y: 60, width: 5, height: 5)
        let result = try Evaluation.evaluate(
            truth: dataset(images: 2, [object(1, box), object(2, far)]),
            detections: [
                detection(box), detection(box, score: 0.4), detection(box, image: .number(2)),
            ],
            parameters: parameters)
        let images = result.outcomes?.images ?? []
        #expect(images.map(\.right) == [1, 0])
        #expect(images.map(\.wrong) == [1, 1])
        #expect(images.map(\.missed) == [1, 0])
        #expect(result.outcomes?.detections.count == 3)
    }

    @Test func bigAndTextIdsOrderScoreTies() throws {
        let ids: [COCOIdentifier] = [
            .text("b"), .bigNumber("18446744073709551615"), .number(3), .text("a"),
            .bigNumber("9999999999999999999"), .bigNumber("-9999999999999999999"),
        ]
        let truth = COCODataset(
            images: ids.map { COCOImage(id: $0, fileName: "", width: 1, height: 1) },
            categories: [], annotations: [])
        let result = try Evaluation.evaluate(
            truth: truth, detections: [], parameters: COCOParameters())
        #expect(result.imageIDs == [ids[5], ids[2], ids[4], ids[1], ids[3], ids[0]])
    }

    @Test func resultOfOtherSizeMatchesNothing() throws {
        var truth = dataset([object(1, box)])
        truth.annotations?[0].segmentation = .polygons([[10, 10, 10, 50, 50, 50, 50, 10]])
        var result = detection(box)
        result.segmentation = .runLengths(height: 50, width: 100, counts: [0, 5000])
        let warnings = Warnings()
        let scored = try Evaluation.evaluate(
            truth: truth, detections: [result], parameters: COCOParameters(.segm),
            warnings: warnings)
        #expect(scored.stats[0] == 0)
        #expect(warnings.summary.contains("[50, 100]"))
    }

    @Test func brokenMaskIsNamed() {
        var truth = dataset([object(1, box)])
        truth.annotations?[0].segmentation = .compressed(height: 100, width: 100, counts: "PP")
        let error = #expect(throws: EvaluationError.self) {
            try Evaluation.evaluate(
                truth: truth, detections: [], parameters: COCOParameters(.segm))
        }
        #expect(error?.place == "truth, annotations[0] (id 1).segmentation")
    }
}
