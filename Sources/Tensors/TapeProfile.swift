/// Where the time of one recorded pass and its walk back goes, by operation and shape.
///
/// Each mark takes the time since the one before it.
public final class TapeProfile: @unchecked Sendable {
    // @unchecked: belongs to the thread that records the tape.

    /// All that operations of one name, direction and shape took.
    public struct Entry: Sendable {
        /// Operation, direction and shape of the output.
        public let name: String
        /// Sum over the calls.
        public internal(set) var milliseconds = 0.0
        /// Sum over the calls.
        public internal(set) var multiplyAdds = 0
    }

    /// The entries in the order in which they were first met.
    public private(set) var entries: [Entry] = []
    private var indices: [String: Int] = [:]
    private let clock = ContinuousClock()
    private var last: ContinuousClock.Instant

    /// Starts the clock.
    public init() { last = clock.now }

    func mark(_ name: String, _ shape: Shape, multiplyAdds: Int) {
        let now = clock.now
        let elapsed = (now - last).components
        last = now
        let key = "\(name) \(shape)"
        let index = indices[key] ?? entries.count
        if index == entries.count {
            indices[key] = index
            entries.append(Entry(name: key))
        }
        entries[index].milliseconds +=
            Double(elapsed.seconds) * 1000 + Double(elapsed.attoseconds) * 1e-15
        entries[index].multiplyAdds += multiplyAdds
    }
}
