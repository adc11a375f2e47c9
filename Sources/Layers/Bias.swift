import Tensors

/// Whether a convolution or linear layer adds a bias, and how that begins.
///
/// The literals `true` and `false` serve where nothing more is to be said.
public enum Bias: Sendable, ExpressibleByBooleanLiteral {
    /// No bias.
    case none
    /// A bias that begins at 0 beside a weight with an initializer of its own, else as PyTorch's.
    case present
    /// A bias that begins at one value.
    case constant(Float)

    /// Makes a bias that is present or not.
    public init(booleanLiteral value: Bool) { self = value ? .present : .none }

    /// A bias if the setting says so.
    ///
    /// - Parameter isPresent: The setting.
    /// - Returns: `.present` or `.none`.
    public static func when(_ isPresent: Bool) -> Bias { isPresent ? .present : .none }

    /// Declares the bias.
    ///
    /// - Parameters:
    ///   - scope: The layer's scope.
    ///   - count: Number of outputs.
    ///   - defaultInitializer: PyTorch's, or nil beside a weight with an initializer of its own.
    /// - Returns: The parameter, or nil for no bias.
    func declared(
        in scope: ParameterScope, count: Int, default defaultInitializer: Initializer?
    ) -> Parameter? {
        let initializer: Initializer
        switch self {
        case .none: return nil
        case .present: initializer = defaultInitializer ?? .constant(0)
        case .constant(let value): initializer = .constant(value)
        }
        return scope.parameter("bias", [count], initializer, role: .undecayed)
    }
}
