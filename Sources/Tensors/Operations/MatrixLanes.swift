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
    /// - Parameters:
    ///   - pieces: Number of pieces, cut by the shape alone.
    ///   - body: The work of one piece; the second argument is below `count(for: pieces)`.
    static func forEach(_ pieces: Int, _ body: (_ piece: Int, _ lane: Int) -> Void) {
        let lanes = min(count(for: pieces), WorkerPool.shared.threadCount)
        let next = Atomic<Int>(0)
        parallelFor(lanes) { lane in
            while true {
                let piece = next.add(1, ordering: .relaxed).oldValue
                if piece >= pieces { return }
                body(piece, lane)
            }
        }
    }
}
