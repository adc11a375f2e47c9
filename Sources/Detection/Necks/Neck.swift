import Layers
import Tensors

/// What stands between backbone and head: maps in, maps of equal channels out.
public protocol Neck: Sendable {
    /// The outputs, finest first.
    var features: [FeatureSpec] { get }

    /// Makes the outputs.
    ///
    /// - Parameters:
    ///   - features: The backbone's maps `[N, H, W, C]`, finest first.
    ///   - context: Training or evaluation.
    /// - Returns: One map for each of the neck's `features`.
    func callAsFunction(_ features: [Tensor], _ context: Context) -> [Tensor]
}
