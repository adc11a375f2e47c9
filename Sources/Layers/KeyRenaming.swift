/// The names that another library gives to a network's parameters, and the authors' ones.
public struct KeyRenaming: Sendable {
    /// Whose names they are, for the user.
    public let library: String
    /// A name by which files of that library are known.
    public let marker: String
    private let rules: [KeyRule]

    /// Makes a renaming.
    ///
    /// - Parameters:
    ///   - library: Whose names they are.
    ///   - marker: A name that files of that library have and the authors' do not.
    ///   - rules: The first that fits a name is applied; a name that none fits is kept.
    public init(from library: String, marker: String, _ rules: [KeyRule]) {
        self.library = library
        self.marker = marker
        self.rules = rules
    }

    /// The authors' name of a parameter.
    ///
    /// - Parameter name: The other library's name.
    /// - Returns: The authors' name.
    public func callAsFunction(_ name: String) -> String {
        for rule in rules {
            if let renamed = rule.applied(to: name) { return renamed }
        }
        return name
    }
}

/// One rule of a renaming: beginnings of names, with numbers that are carried over.
///
/// `{s}` in the old beginning stands for a whole part that is a number; the new one repeats it as
/// `{s}`, or moved as `{s+1}`. `KeyRule("stages.{s}.blocks", "blocks{s+1}")` makes
/// `blocks1.2.norm.weight` of `stages.0.blocks.2.norm.weight`.
public struct KeyRule: Sendable {
    private let old: [Substring]
    private let new: String

    /// Makes a rule.
    ///
    /// - Parameters:
    ///   - old: How the other library's names begin, in whole parts between dots.
    ///   - new: How the authors' names begin.
    public init(_ old: String, _ new: String) {
        self.old = old.split(separator: ".")
        self.new = new
    }

    /// The new name, or nil when the rule does not fit.
    ///
    /// - Parameter name: The old name.
    /// - Returns: The new name.
    func applied(to name: String) -> String? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= old.count else { return nil }
        var numbers: [Substring: Int] = [:]
        for (pattern, part) in zip(old, parts) {
            if pattern.hasPrefix("{") {
                guard let number = Int(part) else { return nil }
                numbers[pattern.dropFirst().dropLast()] = number
            } else if pattern != part {
                return nil
            }
        }
        return ([filled(numbers)] + parts.dropFirst(old.count).map(String.init))
            .joined(separator: ".")
    }

    /// The new beginning with numbers in the places of their letters.
    private func filled(_ numbers: [Substring: Int]) -> String {
        var result = ""
        var rest = new[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let term = rest[rest.index(after: open)..<close].split(separator: "+")
            let number = term.reduce(0) { $0 + (numbers[$1] ?? Int($1) ?? 0) }
            result += rest[..<open] + String(number)
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }
}
