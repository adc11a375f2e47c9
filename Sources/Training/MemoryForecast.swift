import Catalogue
import Foundation
import Prediction
import Tensors

/// How much memory a run takes at least, and how much the process may have.
struct MemoryForecast {
    /// Bytes of weights, gradients, moments, average and the values of one step.
    let needed: Double

    private static let bytesOfFloat = 4.0
    /// Weights, gradients, two moments and the average.
    private static let copiesOfWeights = 5.0

    /// Sums what a step holds at once.
    ///
    /// - Parameters:
    ///   - graph: The model's, of one image.
    ///   - weights: Elements of all parameters.
    ///   - batchSize: Images of a step.
    init(_ graph: Graph, weights: Int, batchSize: Int) {
        let values = graph.shapes.reduce(0.0) { $0 + Double($1.count) }
        needed =
            (Self.copiesOfWeights * Double(weights) + values * Double(batchSize))
            * Self.bytesOfFloat
    }

    /// Refuses a run that cannot fit, before anything is written.
    ///
    /// - Parameter limit: Bytes that the process may have.
    /// - Throws: `WorkError` with both numbers.
    func refuse(beyond limit: Double = MemoryLimit.bytes) throws(WorkError) {
        guard needed > limit else { return }
        throw WorkError(
            what: "a step needs about \(Self.megabytes(needed)) MB of memory, and "
                + "\(Self.megabytes(limit)) MB are there",
            place: "training.batch_size, preprocessing.height and width",
            fix: "lower them, or take a smaller model")
    }

    /// The line of the log.
    var line: String {
        "memory forecast: about \(Self.megabytes(needed)) MB and the image cache"
    }

    private static func megabytes(_ bytes: Double) -> String {
        String(format: "%.0f", bytes / 1_048_576)
    }
}
