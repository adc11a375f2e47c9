import Tensors

/// All parameters and buffers of one model, in the order of their declaration.
public final class ParameterStore: @unchecked Sendable {
    // @unchecked: filled while a model is built, afterwards only read.

    /// In the order of declaration, which is the authors' registration order.
    public private(set) var parameters: [Parameter] = []
    private var indices: [String: Int] = [:]
    private let filling: Filling

    /// Where initial values come from.
    private enum Filling {
        /// From the streams of a seed.
        case seeded(UInt64)
        /// Constants are set, what is random stays undefined.
        case constants
        /// There is no memory for values at all.
        case none
    }

    /// Makes an empty store.
    ///
    /// - Parameter seed: Seed of the initial values; each parameter draws from its own stream,
    ///   so that adding one does not change the others.
    public init(seed: UInt64 = 0) { filling = .seeded(seed) }

    private init(_ filling: Filling) { self.filling = filling }

    /// An empty store that draws nothing: random initial values stay undefined.
    ///
    /// Drawing those of a large model takes seconds, which its layer table and a model that is
    /// loaded from a checkpoint can do without.
    public static func unfilled() -> ParameterStore { ParameterStore(.constants) }

    /// An empty store for names and shapes alone: its parameters have no values and cannot be used.
    ///
    /// It tells within milliseconds what a network of any size holds.
    public static func outline() -> ParameterStore { ParameterStore(.none) }

    /// The parameter of a name, or nil.
    public subscript(name: String) -> Parameter? { indices[name].map { parameters[$0] } }

    /// Number of trained elements, frozen ones included.
    public var parameterCount: Int {
        parameters.reduce(0) { sum, parameter in
            switch parameter.role {
            case .weight, .undecayed: sum + parameter.fileShape.count
            case .buffer, .counter: sum
            }
        }
    }

    /// Clears all gradients.
    public func clearGradients() { parameters.forEach { $0.gradient.value = nil } }

    /// Memory for a parameter's values.
    fileprivate func emptyValue(_ shape: Shape, _ layout: ParameterLayout) -> Tensor {
        if case .none = filling { return Tensor(shape: [0]) { _ in } }
        return Tensor(shape: Parameter.memoryShape(shape, layout)) { _ in }
    }

    func add(_ parameter: Parameter, _ initializer: Initializer) {
        precondition(indices[parameter.name] == nil, "two parameters named \(parameter.name)")
        fill(parameter, initializer)
        indices[parameter.name] = parameters.count
        parameters.append(parameter)
    }

    private func fill(_ parameter: Parameter, _ initializer: Initializer) {
        var generator: RandomGenerator
        switch filling {
        case .none: return
        case .constants where initializer.isRandom: return
        case .constants: generator = RandomGenerator(state: 0)
        case .seeded(let seed): generator = RandomGenerator(seed: seed, stream: parameter.name)
        }
        parameter.setFileElements(initializer.values(parameter.fileShape, using: &generator))
    }
}

/// A place in a store under a prefix of names: what a layer is built from.
///
/// Sub-scopes are named by the authors' keys, `scope["block1"][0]["attn"]`, so that a model's
/// parameter names are the authors' state-dict names by construction.
public struct ParameterScope: Sendable {
    /// Where parameters are kept.
    public let store: ParameterStore
    /// The name so far, without a final dot.
    public let prefix: String

    /// The root of a store.
    ///
    /// - Parameters:
    ///   - store: Where parameters are kept.
    ///   - prefix: Name of the root; empty for none.
    public init(_ store: ParameterStore, prefix: String = "") {
        self.store = store
        self.prefix = prefix
    }

    /// The sub-scope of a name.
    public subscript(name: String) -> ParameterScope {
        ParameterScope(store, prefix: path(name))
    }

    /// The sub-scope of an index.
    public subscript(index: Int) -> ParameterScope { self[String(index)] }

    /// The parameters and buffers under this scope, in the order of their declaration.
    public var parameters: [Parameter] {
        prefix.isEmpty
            ? store.parameters : store.parameters.filter { $0.name.hasPrefix(prefix + ".") }
    }

    /// Leaves everything under this scope as it is: no gradients, no new statistics.
    public func freeze() { parameters.forEach { $0.isFrozen = true } }

    private func path(_ name: String) -> String { prefix.isEmpty ? name : prefix + "." + name }

    /// Declares a trained parameter.
    ///
    /// - Parameters:
    ///   - name: The authors' name inside this scope.
    ///   - shape: The shape in files.
    ///   - initializer: Its initial values.
    ///   - layout: How memory differs from files.
    ///   - role: Whether it decays.
    /// - Returns: The parameter, filled.
    public func parameter(
        _ name: String, _ shape: Shape, _ initializer: Initializer,
        layout: ParameterLayout = .authors, role: ParameterRole = .weight
    ) -> Parameter {
        let parameter = Parameter(
            name: path(name), fileShape: shape, layout: layout, role: role,
            value: store.emptyValue(shape, layout))
        store.add(parameter, initializer)
        return parameter
    }

    /// Declares a buffer, which is saved but not trained.
    ///
    /// - Parameters:
    ///   - name: The authors' name inside this scope.
    ///   - shape: The shape in files.
    ///   - value: The initial value of all elements.
    ///   - role: `.buffer`, or `.counter` for an integer.
    /// - Returns: The buffer, filled.
    public func buffer(
        _ name: String, _ shape: Shape, value: Float, role: ParameterRole = .buffer
    ) -> Parameter {
        parameter(name, shape, .constant(value), role: role)
    }
}
