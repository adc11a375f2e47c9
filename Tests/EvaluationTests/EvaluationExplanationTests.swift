import Annotations
import Evaluation
import Testing

private let box = BoxXYWH(x: 1, y: 1, width: 5, height: 5)

private func truth(_ annotations: [COCOAnnotation]?) -> COCODataset {
    COCODataset(
        images: [COCOImage(id: .number(1), fileName: "a.jpg", width: 9, height: 9)],
        categories: [
            COCOCategory(id: .number(1), name: "one"), COCOCategory(id: .number(2), name: "two"),
        ], annotations: annotations)
}

private func object(isCrowd: Bool = false, image: Int64 = 1) -> COCOAnnotation {
    COCOAnnotation(
        id: .number(1), imageID: .number(image), categoryID: .number(1), box: box, area: 25,
        isCrowd: isCrowd)
}

private func detection(category: Int64) -> COCODetection {
    COCODetection(imageID: .number(1), categoryID: .number(category), score: 0.5, box: box)
}

@Suite struct EvaluationExplanationTests {
    @Test(arguments: [
        (truth(nil), [detection(category: 1)], "no \"annotations\""),
        (truth([]), [detection(category: 1)], "no objects"),
        (truth([object(isCrowd: true)]), [detection(category: 1)], "crowds"),
        (truth([object(image: 9)]), [detection(category: 1)], "belongs to a listed image"),
        (truth([object()]), [], "no detections"),
        (truth([object()]), [detection(category: 2)], "categories [1], detections of [2]"),
    ]) func reasonIsGiven(truth: COCODataset, detections: [COCODetection], reason: String) throws {
        let result = try Evaluation.evaluate(
            truth: truth, detections: detections, parameters: COCOParameters())
        let explanation = result.explanation(truth: truth, detections: detections)
        #expect(explanation?.contains(reason) == true)
    }

    @Test func goodResultNeedsNoReason() throws {
        let truth = truth([object()])
        let detections = [detection(category: 1)]
        let result = try Evaluation.evaluate(
            truth: truth, detections: detections, parameters: COCOParameters())
        #expect(result.explanation(truth: truth, detections: detections) == nil)
    }
}
