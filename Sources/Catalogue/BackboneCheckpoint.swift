import Backbones
import Checkpoints
import Layers

extension Checkpoint {
    /// The weights of a backbone under the authors' names.
    ///
    /// A prefix `backbone.` is taken off, and the names of other libraries whose files the family
    /// knows are mapped.
    ///
    /// - Parameter configuration: The backbone's settings.
    /// - Returns: The weights; `notes` says what was done to the names.
    public func weights(of configuration: any BackboneConfiguration) -> Checkpoint {
        let part = part("backbone.")
        let names = Set(part.tensors.map(\.name))
        let renamings = type(of: configuration).keyRenamings
        guard let renaming = renamings.first(where: { names.contains($0.marker) }) else {
            return part
        }
        return part.renaming("names of \(renaming.library) are mapped") { renaming($0) }
    }
}
