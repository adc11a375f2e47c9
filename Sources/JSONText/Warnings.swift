import Synchronization

/// Something odd that was skipped or repaired while the work goes on.
public struct Warning: Hashable, Sendable, CustomStringConvertible {
    /// Short name of its kind, as in `area-missing`; warnings of a kind are counted together.
    public let kind: String
    /// What is odd, one sentence without a full stop.
    public let what: String
    /// File and line, JSON path, or image id; empty when there is no place.
    public let place: String
    /// What the user can do, or what was done instead; empty when nothing sensible can be said.
    public let fix: String

    /// Makes a warning.
    public init(kind: String, what: String, place: String, fix: String) {
        self.kind = kind
        self.what = what
        self.place = place
        self.fix = fix
    }

    /// The three lines that a command prints.
    public var description: String {
        var lines = ["warning: " + what]
        if !place.isEmpty { lines.append("  in " + place) }
        if !fix.isEmpty { lines.append("  fix: " + fix) }
        return lines.joined(separator: "\n")
    }
}

/// Collects warnings: the first ten of a kind in full, then their count alone.
///
/// One collector serves a whole command. Several threads may add to it.
public final class Warnings: Sendable {
    /// How many warnings of a kind are kept and shown in full.
    public static let shownOfKind = 10

    /// The warnings of one kind.
    public struct Group: Sendable {
        /// The first ten at most.
        public internal(set) var shown: [Warning]
        /// How many there were in all.
        public internal(set) var count: Int
    }

    private struct State {
        var order: [String] = []
        var groups: [String: Group] = [:]
    }

    private let state = Mutex(State())
    private let emit: (@Sendable (String) -> Void)?

    /// Makes an empty collector.
    ///
    /// - Parameter emit: gets the text of each warning that is to be shown at once, as when a
    ///   command prints to standard error; without it warnings are only kept.
    public init(emit: (@Sendable (String) -> Void)? = nil) {
        self.emit = emit
    }

    /// Adds a warning, and shows it if it is among the first ten of its kind.
    ///
    /// - Parameters:
    ///   - kind: its kind.
    ///   - warning: makes the warning; only called when it will be kept.
    public func add(kind: String, _ warning: () -> Warning) {
        let position = state.withLock { state -> Int in
            if state.groups[kind] == nil {
                state.order.append(kind)
                state.groups[kind] = Group(shown: [], count: 0)
            }
            state.groups[kind]?.count += 1
            return state.groups[kind]?.count ?? 0
        }
        guard position <= Self.shownOfKind else { return }
        let made = warning()
        state.withLock { $0.groups[kind]?.shown.append(made) }
        emit?(made.description)
    }

    /// Adds a warning, and shows it if it is among the first ten of its kind.
    public func add(_ warning: Warning) {
        add(kind: warning.kind) { warning }
    }

    /// The warnings so far, kind by kind in the order in which the kinds were first met.
    public var groups: [Group] {
        state.withLock { state in state.order.compactMap { state.groups[$0] } }
    }

    /// Whether there are none.
    public var isEmpty: Bool { groups.isEmpty }

    /// The closing summary: of each kind the first warning, and how many more there were.
    public var summary: String {
        groups.compactMap { group in
            guard let first = group.shown.first else { return nil }
            let more = group.count - 1
            return more == 0
                ? first.description : first.description + "\n  and \(more) more like it"
        }.joined(separator: "\n")
    }
}
