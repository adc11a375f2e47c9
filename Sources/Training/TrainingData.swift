import Annotations
import Datasets
import Foundation
import JSONText
import Prediction

/// The splits of a run, read and checked.
public struct TrainingData: Sendable {
    /// The classes of the training file, in the order of their ids.
    public let classes: ClassTable
    /// What is trained on.
    public let training: DetectionSet
    /// What is scored between epochs, with the file's own content as truth.
    public let validation: ScoredSplit?

    /// A split whose predictions are scored.
    public struct ScoredSplit: Sendable {
        /// The annotation file's content.
        public let truth: COCODataset
        /// Its images.
        public let set: DetectionSet
    }

    /// Reads the training and validation splits.
    ///
    /// - Parameters:
    ///   - configuration: Where they are.
    ///   - warnings: Collects what is odd.
    /// - Throws: Errors that name file, line and id.
    public init(_ configuration: DataConfiguration, warnings: Warnings) throws {
        let file = configuration.resolved(configuration.train.annotations)
        let dataset = try COCOReader.dataset(path: file, warnings: warnings)
        guard dataset.annotations != nil else {
            throw WorkError(
                what: "the training file has no \"annotations\"", place: file,
                fix: "train on a file with objects")
        }
        classes = ClassTable(dataset.categories)
        if case .exactly(let count) = configuration.numClasses, count != classes.count {
            throw WorkError(
                what: "data.num_classes is \(count), the training file lists \(classes.count) "
                    + "categories", place: file, fix: "write \"auto\" or \(classes.count)")
        }
        training = try Self.set(
            dataset, configuration.train, configuration, classes, .training, warnings)
        validation = try Self.scored(
            configuration.val, configuration, classes: classes, warnings: warnings)
    }

    /// Reads a split that is to be scored.
    ///
    /// - Parameters:
    ///   - split: Its paths.
    ///   - configuration: What its paths are relative to.
    ///   - classes: The classes that labels refer to.
    ///   - warnings: Collects what is odd.
    /// - Returns: The split, or nil when it has no annotation file.
    /// - Throws: Errors that name file, line and id.
    public static func scored(
        _ split: SplitConfiguration, _ configuration: DataConfiguration, classes: ClassTable,
        warnings: Warnings
    ) throws -> ScoredSplit? {
        guard !split.annotations.isEmpty else { return nil }
        let file = configuration.resolved(split.annotations)
        let truth = try COCOReader.dataset(path: file, warnings: warnings)
        try classes.refuseMismatch(
            truth, path: file,
            trainingPath: configuration.resolved(configuration.train.annotations))
        return ScoredSplit(
            truth: truth,
            set: try set(truth, split, configuration, classes, .evaluation, warnings))
    }

    private static func set(
        _ dataset: COCODataset, _ split: SplitConfiguration, _ configuration: DataConfiguration,
        _ classes: ClassTable, _ use: DetectionSet.Use, _ warnings: Warnings
    ) throws -> DetectionSet {
        let source = DetectionSet.Source(
            annotationFile: configuration.resolved(split.annotations),
            imageFolder: configuration.resolved(split.images),
            onBadImage: configuration.onBadImage)
        let set = try DetectionSet(dataset, from: source, classes: classes, use: use)
        set.warnings.forEach(warnings.add)
        return set
    }
}
