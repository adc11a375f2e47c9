import JSONText
import Layers
import Tensors

/// The settings of a backbone, under the authors' constructor names.
///
/// `embedDims` is `embed_dims` in files, and so on. `init()` gives the authors' defaults.
public protocol BackboneConfiguration: Configuration, Equatable {
    /// Number of classes of the authors' classifier; nil for their dense form.
    var numClasses: Int? { get set }

    /// Stochastic depth, 0 inclusive to 1 exclusive.
    var dropPathRate: Double { get }

    /// Who published the family where: authors, title, number at arXiv.
    static var paper: String { get }

    /// Names that other libraries give to the parameters.
    static var keyRenamings: [KeyRenaming] { get }

    /// Beginnings of names that only one of both forms has, classifier or dense: a file of one
    /// may lack or have them when the other is loaded.
    static var namesOfOneForm: [String] { get }

    /// The settings of the network as it predicts: without heads that training alone reads.
    var withoutTrainingHeads: Self { get }

    /// Builds the network from settings that were validated.
    ///
    /// - Parameter scope: Holds its parameters.
    /// - Returns: The network.
    func build(_ scope: ParameterScope) -> any Backbone

    /// Another form of the network's state dict under the names and with the values that it takes.
    ///
    /// - Parameter tensors: A whole state dict.
    /// - Returns: The tensors as they are, unless the family knows their form.
    func adapted(_ tensors: [NamedTensor]) -> [NamedTensor]

    /// Whether a state dict is of a form that was made for evaluation alone.
    ///
    /// - Parameter tensors: A whole state dict.
    /// - Returns: Whether training would not give what its authors' network gives.
    func isForEvaluationAlone(_ tensors: [NamedTensor]) -> Bool
}

extension BackboneConfiguration {
    /// The same settings: most networks have no such heads.
    public var withoutTrainingHeads: Self { self }

    /// The tensors as they are.
    public func adapted(_ tensors: [NamedTensor]) -> [NamedTensor] { tensors }

    /// Every state dict can be trained on.
    public func isForEvaluationAlone(_ tensors: [NamedTensor]) -> Bool { false }

    /// The authors' names alone.
    public static var keyRenamings: [KeyRenaming] { [] }

    /// Refuses an impossible stochastic depth or number of classes.
    ///
    /// - Throws: `ConfigurationError` that names the key.
    func checkDepthRateAndClasses() throws {
        guard dropPathRate >= 0, dropPathRate < 1 else {
            throw ConfigurationError(
                what: "a stochastic depth of \(dropPathRate) is impossible",
                key: "drop_path_rate", fix: "use a rate from 0 to below 1")
        }
        guard numClasses.map({ (1...1_000_000).contains($0) }) ?? true else {
            throw ConfigurationError(
                what: "a classifier needs between 1 and 1000000 classes", key: "num_classes",
                fix: "give their number, or leave the key out for a network without classifier")
        }
    }

    /// The classifier's last layer.
    public static var namesOfOneForm: [String] { ["head."] }
}
