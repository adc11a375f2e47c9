import Backbones
import Catalogue
import Checkpoints
import Layers

/// Weights that a run begins from.
enum InitialWeights {
    /// Loads a file into a detector or its backbone; an empty path loads nothing.
    ///
    /// A file of a whole detector must fit name by name. A file of a backbone, with or without
    /// the prefix `backbone.`, may have a classifier besides, which is left out, and lack what
    /// only the dense form has. With `partial_weights` everything that fits is taken.
    ///
    /// - Parameters:
    ///   - settings: Name the file, and whether it may fit in part.
    ///   - detector: Gets the weights.
    /// - Returns: A line for each name that was passed over because part of the file was asked for.
    /// - Throws: Errors that name what does not fit.
    static func load(
        _ settings: TrainingConfiguration, into detector: Detector
    ) throws -> [String] {
        guard !settings.initialWeights.isEmpty else { return [] }
        let checkpoint = try Checkpoint(path: settings.initialWeights)
        let root = ParameterScope(detector.store)
        let backbone = detector.configuration.backbone
        if checkpoint.tensors.contains(where: { $0.name.hasPrefix("bbox_head.") }) {
            try checkpoint.refuseUnread(among: root.names)
            let rules = settings.partialWeights ? LoadingRules.partial : .strict
            return try root.load(checkpoint.namedTensors, rules, from: checkpoint.path).misfits()
        }
        try backbone.checkTrainable(checkpoint)
        let scope = root["backbone"]
        let ofOneForm = type(of: backbone).namesOfOneForm
        if settings.partialWeights {
            return try backbone.loadPart(into: scope, checkpoint).misfits(besides: ofOneForm)
        }
        try backbone.load(into: scope, checkpoint, LoadingRules(reinitialized: ofOneForm))
        return []
    }
}
