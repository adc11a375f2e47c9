import Backbones
import Checkpoints
import Layers
import Tensors

/// How far a checkpoint agrees with networks of the catalogue, told by names and shapes alone.
///
/// What only a classifier or only the dense form has is left out of the comparison.
struct CheckpointLikeness {
    /// The networks; more than one where they differ in no shape.
    private(set) var names: [String]
    /// Names that are the same with the same shape.
    let agreeing: Int
    /// Names of both together.
    let all: Int

    /// From here on a checkpoint is said to look like a network.
    private static let leastShare = 0.5

    /// The variants that agree best.
    ///
    /// - Parameter checkpoint: The file as it was opened.
    /// - Returns: The nearest variants; nil when less than half of the names agree with any.
    static func nearest(to checkpoint: Checkpoint) -> CheckpointLikeness? {
        var best: CheckpointLikeness?
        for entry in BackboneCatalogue.variants {
            let likeness = CheckpointLikeness(
                of: checkpoint, to: entry.configuration, named: entry.name)
            if likeness.share == best?.share {
                best?.names.append(entry.name)
            } else if likeness.share > best?.share ?? 0 {
                best = likeness
            }
        }
        return best.flatMap { $0.share >= leastShare ? $0 : nil }
    }

    private var share: Double { Double(agreeing) / Double(max(1, all)) }

    /// Compares a checkpoint with one network.
    ///
    /// - Parameters:
    ///   - checkpoint: The file as it was opened.
    ///   - configuration: The network's settings.
    ///   - name: What to call the network.
    init(
        of checkpoint: Checkpoint, to configuration: any BackboneConfiguration,
        named name: String
    ) {
        let store = ParameterStore.outline()
        _ = configuration.build(ParameterScope(store))
        let ignored = type(of: configuration).namesOfOneForm
        func counts(_ name: String) -> Bool { !ignored.contains(where: name.hasPrefix) }
        // Files from before the invention of counters lack them.
        let own = store.parameters.filter { $0.role != .counter && counts($0.name) }
        let tensors = configuration.adapted(checkpoint.weights(of: configuration).namedTensors)
            .filter { counts($0.name) && store[$0.name]?.role != .counter }
        let shapes = Dictionary(tensors.map { ($0.name, $0.shape) }) { first, _ in first }
        names = [name]
        agreeing = own.count { shapes[$0.name] == $0.fileShape }
        all = Set(own.map(\.name)).union(shapes.keys).count
    }

    /// A sentence for the user.
    var sentence: String {
        let names = names.joined(separator: " or ")
        return agreeing == all
            ? "they look like \(names)"
            : "they look most like \(names) (\(agreeing) of \(all) names and shapes)"
    }
}
