import Backbones
import Checkpoints
import Layers

extension Checkpoint {
    /// The weights of a backbone under the authors' names.
    ///
    /// A prefix `backbone.` is taken off, or the `model.` of a training wrapper that has tensors of
    /// its own beside the network, and the names of other libraries whose files the family knows
    /// are mapped.
    ///
    /// - Parameter configuration: The backbone's settings.
    /// - Returns: The weights; `notes` says what was done to the names.
    public func weights(of configuration: any BackboneConfiguration) -> Checkpoint {
        let part = part("model.").part("backbone.")
        let names = Set(part.tensors.map(\.name))
        let renamings = type(of: configuration).keyRenamings
        guard let renaming = renamings.first(where: { names.contains($0.marker) }) else {
            return part
        }
        return part.renaming("names of \(renaming.library) are mapped") { renaming($0) }
    }
}

extension BackboneConfiguration {
    /// Fills a backbone of these settings from a checkpoint.
    ///
    /// - Parameters:
    ///   - scope: The scope that the backbone was built from.
    ///   - checkpoint: The file as it was opened.
    ///   - rules: What may differ.
    /// - Returns: What was taken and what was not.
    /// - Throws: `CatalogueError` for weights that do not fit, saying which network of the catalogue
    ///   they look like, and the reader's errors.
    @discardableResult
    public func load(
        into scope: ParameterScope, _ checkpoint: Checkpoint, _ rules: LoadingRules = .strict
    ) throws -> LoadingReport {
        let part = checkpoint.weights(of: self)
        try part.refuseUnread(among: scope.names)
        let tensors = adapted(part.namedTensors)
        do {
            return try scope.load(tensors, rules, from: checkpoint.path)
        } catch let error as LoadingError where error.reason == .misfit {
            throw explained(error, checkpoint)
        }
    }

    /// Fills a backbone with what fits of a checkpoint, which must be something.
    ///
    /// - Parameters:
    ///   - scope: The scope that the backbone was built from.
    ///   - checkpoint: The file as it was opened.
    /// - Returns: What was taken and what was not.
    /// - Throws: `CatalogueError` when nothing fits, and the reader's errors.
    public func loadPart(
        into scope: ParameterScope, _ checkpoint: Checkpoint
    ) throws -> LoadingReport {
        let report = try load(into: scope, checkpoint, .partial)
        guard report.loadedWeights == 0 else { return report }
        let likeness = CheckpointLikeness.nearest(to: checkpoint)
        throw CatalogueError(
            what: "nothing of the weights fits the model; "
                + (likeness?.sentence ?? "they look like no network of the catalogue"),
            place: checkpoint.path, fix: "take weights of the network that was named")
    }

    /// Refuses weights that were made for evaluation alone.
    ///
    /// - Parameter checkpoint: The file as it was opened.
    /// - Throws: `CatalogueError` for such weights.
    public func checkTrainable(_ checkpoint: Checkpoint) throws(CatalogueError) {
        guard isForEvaluationAlone(checkpoint.weights(of: self).namedTensors) else { return }
        throw CatalogueError(
            what: "these weights are fused for evaluation: BatchNorm is folded into convolutions",
            place: checkpoint.path, fix: "train from the weights as they were before fusing")
    }

    private func explained(_ error: LoadingError, _ checkpoint: Checkpoint) -> CatalogueError {
        let own = CheckpointLikeness(of: checkpoint, to: self, named: "")
        guard own.agreeing < own.all else {
            return CatalogueError(
                what: error.what + "; all but the head fits", place: error.place,
                fix: "give the \"num_classes\" of the weights, or ask for what fits alone:"
                    + " --partial, or training.partial_weights in a config")
        }
        guard let nearest = CheckpointLikeness.nearest(to: checkpoint) else {
            return CatalogueError(
                what: error.what + "; they look like no network of the catalogue",
                place: error.place, fix: error.fix)
        }
        return CatalogueError(
            what: error.what + "; " + nearest.sentence, place: error.place,
            fix: "name \(nearest.names[0]) as the model, or take weights of the one that was named")
    }
}
