import JSONText
import Layers

/// The settings of a backbone, under the authors' constructor names.
///
/// `embedDims` is `embed_dims` in files, and so on. `init()` gives the authors' defaults.
public protocol BackboneConfiguration: Configuration, Equatable {
    /// Number of classes of the authors' classifier; nil for their dense form.
    var numClasses: Int? { get set }

    /// Builds the network from settings that were validated.
    ///
    /// - Parameter scope: Holds its parameters.
    /// - Returns: The network.
    func build(_ scope: ParameterScope) -> any Backbone
}
