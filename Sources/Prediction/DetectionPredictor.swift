import Annotations
import Catalogue
import Datasets
import Detection
import Imaging
import Tensors

/// Replays a detector's plan on images of any size and maps what it finds to their own pixels.
///
/// One plan is kept for each input size, up to a few: folders hold few sizes.
public final class DetectionPredictor {
    /// One object in pixels of the original image.
    public struct Found: Sendable, Equatable {
        /// Where it is.
        public let box: BoxXYXY
        /// Confidence, 0 to 1.
        public let score: Float
        /// Position in the class table.
        public let label: Int

        /// Makes an object.
        ///
        /// - Parameters:
        ///   - box: Where it is, in original pixels.
        ///   - score: Confidence, 0 to 1.
        ///   - label: Position in the class table.
        public init(box: BoxXYXY, score: Float, label: Int) {
            self.box = box
            self.score = score
            self.label = label
        }
    }

    /// The detector with its classes and preprocessing.
    public let trained: TrainedDetector
    private var plans: [(shape: Shape, plan: Plan)] = []

    private static let keptPlans = 4

    /// Prepares predictions with the weights as they are now.
    ///
    /// - Parameter trained: The detector.
    public init(_ trained: TrainedDetector) { self.trained = trained }

    /// Finds the objects of one image.
    ///
    /// - Parameter input: The image as the detector's input.
    /// - Returns: The objects, best first.
    public func callAsFunction(_ input: EvaluationInput) -> [Found] {
        let plan = plan(for: input.input.shape)
        let output = HeadOutput(tensors: plan([input.input]))
        let valid = input.placement.validSize
        let extent = ImageExtent(height: valid.height, width: valid.width)
        guard let found = trained.detector.head.decode(output, extents: [extent]).first else {
            return []
        }
        return found.boxes.indices.map { index in
            let box = found.boxes[index]
            return Found(
                box: input.original(BoxXYXY(x0: box.x1, y0: box.y1, x1: box.x2, y1: box.y2)),
                score: found.scores[index], label: found.labels[index])
        }
    }

    private func plan(for shape: Shape) -> Plan {
        if let index = plans.firstIndex(where: { $0.shape == shape }) {
            // The plan used last stands last, so that the first is the one to give up.
            plans.append(plans.remove(at: index))
        } else {
            if plans.count == Self.keptPlans { plans.removeFirst() }
            plans.append((shape, Plan(trained.detector.trace(shape))))
        }
        return plans[plans.count - 1].plan
    }

    /// The objects of one image as entries of a COCO result file.
    ///
    /// - Parameters:
    ///   - found: The objects.
    ///   - imageID: The image's own id.
    /// - Returns: Entries with the category ids of the class table.
    public func entries(_ found: [Found], imageID: COCOIdentifier) -> [COCODetection] {
        found.map { object in
            COCODetection(
                imageID: imageID, categoryID: trained.classes.categories[object.label].id,
                score: Double(object.score), box: object.box.xywh)
        }
    }
}
