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
    /// only the dense form has.
    ///
    /// - Parameters:
    ///   - path: The file, or empty.
    ///   - detector: Gets the weights.
    /// - Throws: Errors that name what does not fit.
    static func load(_ path: String, into detector: Detector) throws {
        guard !path.isEmpty else { return }
        let checkpoint = try Checkpoint(path: path)
        let isDetector = checkpoint.tensors.contains { $0.name.hasPrefix("bbox_head.") }
        let root = ParameterScope(detector.store)
        if isDetector {
            try root.load(checkpoint.namedTensors, from: path)
        } else {
            let backbone = detector.configuration.backbone
            let rules = LoadingRules(
                unused: .refused, reinitialized: type(of: backbone).namesOfOneForm)
            let tensors = backbone.adapted(checkpoint.weights(of: backbone).namedTensors)
            try root["backbone"].load(tensors, rules, from: path)
        }
    }
}
