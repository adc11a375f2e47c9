import Parallelism
import Tensors

/// What may differ between a checkpoint and the model that takes it.
public struct LoadingRules: Sendable {
    /// What happens where a name or shape does not fit.
    public enum Misfit: Sendable {
        /// The checkpoint is refused.
        case refused
        /// It is listed in the report and otherwise passed over.
        case listed
    }

    /// Parameters that the checkpoint lacks; passed over, they keep their initial values.
    public var missing: Misfit
    /// Tensors of the checkpoint that the model lacks.
    public var unused: Misfit
    /// Tensors of another shape.
    public var misshapen: Misfit
    /// Beginnings of names for which a misfit is always passed over, as in `head.`.
    public var reinitialized: [String]

    /// Makes rules.
    ///
    /// - Parameters:
    ///   - missing: Parameters that the checkpoint lacks.
    ///   - unused: Tensors of the checkpoint that the model lacks.
    ///   - misshapen: Tensors of another shape.
    ///   - reinitialized: Beginnings of names for which a misfit is always passed over.
    public init(
        missing: Misfit = .refused, unused: Misfit = .refused, misshapen: Misfit = .refused,
        reinitialized: [String] = []
    ) {
        self.missing = missing
        self.unused = unused
        self.misshapen = misshapen
        self.reinitialized = reinitialized
    }

    /// Every name and shape must fit.
    public static let strict = LoadingRules()
    /// What fits is taken, the rest is listed.
    public static let partial = LoadingRules(
        missing: .listed, unused: .listed, misshapen: .listed)
}

/// What became of a checkpoint in a model.
public struct LoadingReport: Sendable, Equatable {
    /// Names that were taken.
    public internal(set) var loaded: [String] = []
    /// How many of them are more than counters.
    public internal(set) var loadedWeights = 0
    /// Names of the model that the checkpoint lacks; counters are not listed.
    public internal(set) var missing: [String] = []
    /// Names of the checkpoint that the model lacks.
    public internal(set) var unused: [String] = []
    /// Tensors of another shape.
    public internal(set) var misshapen: [Misshapen] = []

    /// Everything that did not fit, a line each.
    ///
    /// - Parameter prefixes: Beginnings of names that are not listed.
    /// - Returns: The lines: missing, unused, misshapen.
    public func misfits(besides prefixes: [String] = []) -> [String] {
        func counts(_ name: String) -> Bool { !prefixes.contains(where: name.hasPrefix) }
        return missing.filter(counts).map { "missing: \($0)" }
            + unused.filter(counts).map { "not in the model: \($0)" }
            + misshapen.filter { counts($0.name) }.map { "other shape: \($0)" }
    }

    /// A tensor whose shape is not the model's.
    public struct Misshapen: Sendable, Equatable, CustomStringConvertible {
        /// Its name.
        public let name: String
        /// The shape that the model has.
        public let expected: Shape
        /// The shape in the checkpoint.
        public let found: Shape

        /// The name with both shapes.
        public var description: String { "\(name) is \(found), the model has \(expected)" }
    }
}

/// A checkpoint that does not fit a model.
public struct LoadingError: Error, Equatable {
    /// Why it was refused.
    public enum Reason: Sendable {
        /// Names or shapes differ.
        case misfit
        /// A number is NaN or infinite.
        case notFinite
        /// A tensor holds integers where the model has fractions.
        case integers
    }

    /// Why it was refused.
    public let reason: Reason
    /// Which names or shapes do not fit.
    public let what: String
    /// The checkpoint.
    public let place: String
    /// What the user can do.
    public let fix: String
}

extension ParameterScope {
    /// Fills the parameters and buffers under this scope; nothing is changed unless all fits.
    ///
    /// A counter that the checkpoint lacks stays at 0: files from before its invention are valid.
    ///
    /// - Parameters:
    ///   - tensors: The checkpoint, names counted from this scope.
    ///   - rules: What may differ.
    ///   - place: The checkpoint's path, for messages.
    /// - Returns: What was taken and what was not.
    /// - Throws: `LoadingError` when something does not fit that must or is not finite, and the
    ///   reader's errors.
    @discardableResult
    public func load(
        _ tensors: [NamedTensor], _ rules: LoadingRules = .strict, from place: String
    ) throws -> LoadingReport {
        let plan = LoadingPlan(self, tensors)
        try plan.refuseMisfits(rules, place: place)
        try plan.refuseIntegers(place: place)
        for (pair, value) in zip(plan.pairs, try Self.values(of: plan.pairs, place: place)) {
            pair.0.value = value
        }
        return plan.report
    }

    /// Reads the values of all parameters, on all threads: a start waits for nothing else.
    private static func values(
        of pairs: [(Parameter, NamedTensor)], place: String
    ) throws -> [Tensor] {
        var results = [Result<Tensor, any Error>?](repeating: nil, count: pairs.count)
        results.withUnsafeMutableBufferPointer { results in
            parallelFor(pairs.count) { index in
                results[index] = Result { try value(of: pairs[index], place: place) }
            }
        }
        return try results.compactMap { try $0?.get() }
    }

    /// The value of a parameter; NaN and infinities would make every result meaningless.
    private static func value(
        of pair: (parameter: Parameter, tensor: NamedTensor), place: String
    ) throws -> Tensor {
        let elements = try pair.tensor.elements()
        guard elements.areFinite else {
            throw LoadingError(
                reason: .notFinite,
                what: "the weights hold numbers that are not finite, the first in "
                    + pair.tensor.name,
                place: place, fix: "take a checkpoint from before the training diverged")
        }
        return pair.parameter.memoryValue(elements)
    }

    /// The names of the parameters and buffers under this scope, as files have them.
    public var names: Set<String> { Set(parameters.map(name(of:))) }

    /// The name of a parameter counted from this scope.
    fileprivate func name(of parameter: Parameter) -> String {
        String(parameter.name.dropFirst(prefix.isEmpty ? 0 : prefix.count + 1))
    }

    /// The parameters and buffers under this scope as a checkpoint holds them.
    public var namedTensors: [NamedTensor] {
        parameters.map { parameter in
            NamedTensor(
                name(of: parameter), shape: parameter.fileShape,
                kind: parameter.role == .counter ? .integers : .floats
            ) { parameter.fileElements }
        }
    }
}

extension [Float] {
    /// Whether no element is NaN or infinite: none has all bits of the exponent set.
    ///
    /// Without a branch in the loop, which then takes whole vectors.
    fileprivate var areFinite: Bool {
        let exponent: UInt32 = 0x7F80_0000
        var found: UInt32 = 0
        for value in self { found |= value.bitPattern & exponent == exponent ? 1 : 0 }
        return found == 0
    }
}

/// Which tensor goes where, found out before anything is changed.
private struct LoadingPlan {
    private(set) var pairs: [(Parameter, NamedTensor)] = []
    private(set) var report = LoadingReport()

    init(_ scope: ParameterScope, _ tensors: [NamedTensor]) {
        let given = Dictionary(
            tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var known: Set<String> = []
        for parameter in scope.parameters {
            let name = scope.name(of: parameter)
            known.insert(name)
            guard let tensor = given[name] else {
                if parameter.role != .counter { report.missing.append(name) }
                continue
            }
            guard tensor.shape == parameter.fileShape else {
                report.misshapen.append(
                    .init(name: name, expected: parameter.fileShape, found: tensor.shape))
                continue
            }
            pairs.append((parameter, tensor))
            report.loaded.append(name)
            if parameter.role != .counter { report.loadedWeights += 1 }
        }
        report.unused = tensors.map(\.name).filter { !known.contains($0) }
    }

    /// Weights that were rounded to integers would make every result meaningless.
    func refuseIntegers(place: String) throws(LoadingError) {
        let found = pairs.first { $0.1.kind == .integers && $0.0.role != .counter }
        guard let found else { return }
        throw LoadingError(
            reason: .integers,
            what: "\(found.1.name) holds integers, the model has floating-point numbers there",
            place: place, fix: "give weights as f32, f16, bf16 or f64, not quantized ones")
    }

    func refuseMisfits(_ rules: LoadingRules, place: String) throws(LoadingError) {
        func counts(_ name: String) -> Bool { !rules.reinitialized.contains(where: name.hasPrefix) }
        var sentences: [String] = []
        let misshapen = report.misshapen.filter { counts($0.name) }
        if rules.misshapen == .refused, !misshapen.isEmpty {
            sentences.append(
                "\(misshapen.count) of another shape: " + Self.list(misshapen.map(\.description)))
        }
        let missing = report.missing.filter(counts)
        if rules.missing == .refused, !missing.isEmpty {
            sentences.append("\(missing.count) missing: " + Self.list(missing))
        }
        let unused = report.unused.filter(counts)
        if rules.unused == .refused, !unused.isEmpty {
            sentences.append("\(unused.count) that the model lacks: " + Self.list(unused))
        }
        guard !sentences.isEmpty else { return }
        throw LoadingError(
            reason: .misfit,
            what: "the weights do not fit the model; " + sentences.joined(separator: "; "),
            place: place,
            fix: "give the settings that the weights were trained with;"
                + " `cvsuite checkpoint inspect` shows their names and shapes")
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(5).joined(separator: ", ")
        return names.count > 5 ? shown + " and \(names.count - 5) more" : shown
    }
}
