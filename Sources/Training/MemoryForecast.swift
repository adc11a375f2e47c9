import Catalogue
import Foundation
import Prediction
import Tensors

/// How much memory a run takes at least, and how much the process may have.
struct MemoryForecast {
    /// Bytes of weights, gradients, moments, average and the values of one step.
    let needed: Double
    /// What decides about it, for errors.
    let place: String

    private static let bytesOfFloat = 4.0
    /// Weights, gradients, two moments and the average.
    private static let copiesOfWeights = 5.0

    /// Sums what a step holds at once.
    ///
    /// - Parameters:
    ///   - graph: The model's, of one image.
    ///   - weights: Elements of all parameters.
    ///   - batchSize: Images of a step.
    ///   - place: What decides about it, for errors.
    init(_ graph: Graph, weights: Int, batchSize: Int, place: String) {
        self.place = place
        let values = graph.shapes.reduce(0.0) { $0 + Double($1.count) }
        needed =
            (Self.copiesOfWeights * Double(weights) + values * Double(batchSize))
            * Self.bytesOfFloat
    }

    /// The input, its copy in a plan, and the largest value that a replay computes from another.
    ///
    /// - Parameters:
    ///   - replay: The model's graph, of a whole batch.
    ///   - place: What decides about it, for errors.
    init(replay: Graph, place: String) {
        self.place = place
        let largest = replay.nodes.map { node in
            node.inputs.map { Double(replay.shapes[$0.index].count) }.reduce(0, max)
                + Double(replay.shapes[node.output.index].count)
        }
        let input = Double(replay.shapes.first?.count ?? 0)
        needed = (2 * input + (largest.max() ?? 0)) * Self.bytesOfFloat
    }

    /// Refuses a run that cannot fit, before anything is written.
    ///
    /// - Parameter limit: Bytes that the process may have.
    /// - Throws: `WorkError` with both numbers.
    func refuse(beyond limit: Double = MemoryLimit.bytes) throws(WorkError) {
        guard needed > limit else { return }
        throw WorkError(
            what: "a call needs about \(Self.megabytes(needed)) MB of memory, and "
                + "\(Self.megabytes(limit)) MB are there",
            place: place,
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
