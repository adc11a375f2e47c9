import Synchronization
import Tensors

/// An endless stream of indices: pass after pass over a set, each in its own random order.
///
/// The index at a position depends on seed and position alone, so that a resumed run goes on
/// exactly where it was, whatever the number of threads.
final class ShuffledStream: Sendable {
    private let count: Int
    private let seed: UInt64
    /// The orders of the last passes that were asked for; loaders ask for two at most at once.
    private let orders = Mutex<[Int: [Int]]>([:])

    private static let keptOrders = 4

    /// Makes the stream of a set.
    ///
    /// - Parameters:
    ///   - count: Images of the set, at least 1.
    ///   - seed: The run's seed.
    init(count: Int, seed: UInt64) {
        self.count = count
        self.seed = seed
    }

    /// The index at a position of the stream.
    ///
    /// - Parameter position: 0 or more.
    /// - Returns: 0 to `count - 1`.
    func index(at position: Int) -> Int {
        let pass = position / count
        return orders.withLock { orders in
            if let order = orders[pass] { return order[position % count] }
            if orders.count >= Self.keptOrders, let oldest = orders.keys.min() {
                orders[oldest] = nil
            }
            let order = order(of: pass)
            orders[pass] = order
            return order[position % count]
        }
    }

    private func order(of pass: Int) -> [Int] {
        var random = RandomGenerator(seed: seed, stream: "order of pass \(pass)")
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, random.integer(below: last + 1))
        }
        return order
    }
}
