import Parallelism
import Synchronization

/// Pieces of work for threads that each need working memory of their own.
///
/// Which lane does a piece depends on the moment; what the piece computes does not.
enum MatrixLanes {
    /// The most lanes that ever run: working memory is reserved for so many.
    static let maximum = max(8, ThreadCount.available)

    /// Lanes that a loop of `pieces` can use.
    ///
    /// - Parameter pieces: Number of pieces.
    /// - Returns: As many lanes as pieces, but no more than `maximum`.
    static func count(for pieces: Int) -> Int { min(pieces, maximum) }

    /// Calls `body` once for each piece, with the number of the lane that does it.
    ///
    /// Each lane goes through a run of pieces that follow each other, so that what is asked for
    /// ahead is its own next piece; then it helps with the runs of the others.
    ///
    /// - Parameters:
    ///   - pieces: Number of pieces, cut by the shape alone.
    ///   - body: The work of one piece; the second argument is below `count(for: pieces)`.
    static func forEach(_ pieces: Int, _ body: (_ piece: Int, _ lane: Int) -> Void) {
        let lanes = min(count(for: pieces), WorkerPool.shared.threadCount)
        let runs = min(lanes, 8)
        withUnsafeTemporaryAllocation(of: Int.self, capacity: max(1, runs) * counterStride) {
            words in
            words.initialize(repeating: 0)
            guard let first = words.baseAddress else { return }
            let counters = UnsafeRawPointer(first)
            parallelFor(lanes) { lane in
                for turn in 0..<runs {
                    let run = (lane + turn) % runs
                    let end = (run + 1) * pieces / runs
                    let counter = counters + run * counterStride * MemoryLayout<Int>.stride
                    while let piece = next(counter, from: run * pieces / runs, to: end) {
                        body(piece, lane)
                    }
                }
            }
        }
    }

    /// Words from one run's counter to the next: a cache line.
    private static let counterStride = 8

    /// Takes the next piece of a run, nil when all are taken.
    private static func next(_ counter: UnsafeRawPointer, from start: Int, to end: Int) -> Int? {
        let taken = counter.assumingMemoryBound(to: Atomic<Int>.self)
        let piece = start + taken.pointee.add(1, ordering: .relaxed).oldValue
        return piece < end ? piece : nil
    }
}
