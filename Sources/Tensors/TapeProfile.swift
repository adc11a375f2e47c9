/// Where the time of one recorded pass and its walk back goes, by operation.
///
/// Each mark takes the time since the one before it.
public final class TapeProfile: @unchecked Sendable {
    // @unchecked: belongs to the thread that records the tape.

    /// Time by operation, in the order in which they were first met.
    public private(set) var entries: [(name: String, milliseconds: Double)] = []
    private var indices: [String: Int] = [:]
    private let clock = ContinuousClock()
    private var last: ContinuousClock.Instant

    /// Starts the clock.
    public init() { last = clock.now }

    func mark(_ name: String) {
        let now = clock.now
        let elapsed = (now - last).components
        last = now
        let milliseconds =
            Double(elapsed.seconds) * 1000 + Double(elapsed.attoseconds) * 1e-15
        if let index = indices[name] {
            entries[index].milliseconds += milliseconds
        } else {
            indices[name] = entries.count
            entries.append((name, milliseconds))
        }
    }
}
