import Annotations
import Datasets
import Imaging
import Prediction

extension DetectionTrainer {
    private static let pictureCount = 4

    /// Draws the first augmented inputs with their targets into `samples/`.
    ///
    /// - Throws: `DatasetError` of the batch, or `ImageError` when a picture cannot be written.
    func drawSamples() throws {
        let preprocessing = configuration.settings.preprocessing
        let batch = try source.batch(at: 0)
        for index in 0..<min(Self.pictureCount, batch.targets.count) {
            var overlay = Overlay(preprocessing.picture(of: batch.images, at: index))
            let targets = batch.targets[index]
            for (box, label) in zip(targets.boxes, targets.labels) {
                overlay.draw(box, label: label, text: data.classes.names[label])
            }
            try ImageEncoder.write(
                overlay.image, to: folder.samples + "/train_\(index + 1).jpg", .jpeg())
        }
    }

    /// Draws what the model finds on the first validation images into `samples/`.
    ///
    /// - Parameter split: The validation split.
    /// - Throws: `ImageError` when a picture cannot be written.
    func drawPredictions(_ split: TrainingData.ScoredSplit) throws {
        try withAveragedWeights {
            let predictor = DetectionPredictor(trained)
            for (index, item) in split.set.items.prefix(Self.pictureCount).enumerated() {
                guard let decoded = try? ImageDecoder.decode(path: item.path),
                    let input = try? trained.preprocessing.input(path: item.path)
                else { continue }
                let found = predictor(input)
                var overlay = Overlay(decoded.image)
                overlay.draw(found.filter { $0.score >= 0.3 }, classes: data.classes)
                try ImageEncoder.write(
                    overlay.image, to: folder.samples + "/val_\(index + 1).jpg", .jpeg())
            }
        }
    }
}
