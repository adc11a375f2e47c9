import Parallelism
import Tensors

/// Reads a box off the prediction of one prior.
protocol PriorDecoder: Sendable {
    /// The box of a prior, not clipped.
    ///
    /// - Parameters:
    ///   - level: Index of the level.
    ///   - prior: Number of the prior inside its level and image.
    ///   - code: The four predictions.
    /// - Returns: The box in pixels of the network's input.
    func box(level: Int, prior: Int, code: SIMD4<Float>) -> Box
}

/// From raw maps to detections: threshold, selection by level, decoding, suppression.
///
/// The rules of mmdetection 3: pairs of prior and class count by class score alone; centre-ness
/// is multiplied afterwards.
struct DenseDecoder<Decoder: PriorDecoder>: Sendable {
    let configuration: DecodingConfiguration
    let classCount: Int
    let priors: Decoder

    /// Detections of all images.
    ///
    /// - Parameters:
    ///   - output: The maps of an evaluation pass.
    ///   - extents: The content of each image.
    /// - Returns: One list an image.
    func callAsFunction(_ output: HeadOutput, extents: [ImageExtent]) -> [Detections] {
        precondition(output.imageCount == extents.count, "one extent an image is needed")
        var results = [Detections](repeating: Detections(), count: extents.count)
        results.withUnsafeMutableBufferPointer { results in
            parallelFor(extents.count) { image in
                results[image] = detections(output, image: image, extents[image])
            }
        }
        return results
    }

    private func detections(_ output: HeadOutput, image: Int, _ extent: ImageExtent) -> Detections {
        var found = Detections()
        for (number, level) in output.levels.enumerated() {
            append(level, number, image: image, extent, to: &found)
        }
        return configuration.nms(found, limit: configuration.maxPerImg)
    }

    private func append(
        _ level: HeadOutput.Level, _ number: Int, image: Int, _ extent: ImageExtent,
        to found: inout Detections
    ) {
        let priorCount = level.centerness.count / level.centerness.shape[0]
        let entryCount = priorCount * classCount
        let selection = ScoreSelection(
            threshold: configuration.scoreThr, limit: configuration.nmsPre)
        let selected = level.classLogits.withElements {
            selection(UnsafeBufferPointer(start: $0 + image * entryCount, count: entryCount))
        }
        for entry in selected {
            let (prior, label) = Int(entry.index).quotientAndRemainder(dividingBy: classCount)
            let row = image * priorCount + prior
            let box = priors.box(level: number, prior: prior, code: level.boxes.row(row))
                .clipped(to: extent)
            guard isUseful(box) else { continue }
            let centerness = level.centerness.withElements { ScoreSelection.sigmoid($0[row]) }
            guard !centerness.isNaN else { continue }
            found.boxes.append(box)
            found.scores.append(entry.score * centerness)
            found.labels.append(label)
        }
    }

    /// Whether a box is a box: its edges are numbers and its sides long enough.
    private func isUseful(_ box: Box) -> Bool {
        guard box.isFinite else { return false }
        let least = configuration.minBboxSize
        return least < 0 || (box.width > least && box.height > least)
    }
}
