import CMachine
import Foundation
import Synchronization

/// The threads that share the loops of one process.
///
/// A loop is cut into pieces by its caller, from the shape of the data and never from the number
/// of threads, so that results have the same bits for any number. Threads take pieces from a
/// shared counter, and a loop ends when its pieces are done: a thread that wakes late, since its
/// processor was busy with something else, is not waited for. Threads spin for about 50
/// microseconds after a loop and then sleep on a futex: a fork-join costs 0.35 microseconds while
/// spinning and 20 to 47 once asleep. Of threads that outnumber the processors, only as many as
/// these are woken: more would keep each other from working.
public final class WorkerPool: @unchecked Sendable {
    // @unchecked: `threadCount`, `workers`, `job` and `jobCount` are written by the thread that
    // owns `isBusy`. Workers read the last two after they took a piece, which keeps that thread in
    // its loop until the piece is done.

    /// The pool of this process.
    public static let shared = WorkerPool(threadCount: ThreadCount.available)

    /// Threads that take part in a loop, the calling one included.
    public private(set) var threadCount: Int

    /// Fork-joins since the start; a benchmark shows the difference over one replay.
    public var forkCount: Int { forks.load(ordering: .relaxed) }

    private let isBusy = Atomic<Bool>(false)
    private let forks = Atomic<Int>(0)
    /// Pieces of the loop that nobody took yet; 0 or less when all are taken.
    private let untaken = Atomic<Int>(0)
    /// Pieces of the loop that workers have done.
    private let finished = Atomic<Int>(0)
    private let sleeping = Atomic<Int>(0)
    /// Counts loops; idle workers watch it.
    private let loops = FutexWord()
    /// Counts changes of the pool's size; workers that are not wanted sleep on it.
    private let sizes = FutexWord()
    private let wantedWorkers: Atomic<Int>
    private let processors: Int
    private var job = cm_loop_body()
    private var jobCount = 0
    private var workers = 0

    private static let largestCount = 1024
    private static let spinRounds = 1500

    /// Makes a pool of its own; its threads start with its first loop and live as long as the
    /// process.
    ///
    /// - Parameters:
    ///   - threadCount: Threads that take part, the calling one included, at least 1.
    ///   - processors: The most of them that are woken for a loop.
    public init(threadCount: Int, processors: Int = ThreadCount.available) {
        self.threadCount = min(max(1, threadCount), Self.largestCount)
        self.processors = processors
        wantedWorkers = Atomic(self.threadCount - 1)
    }

    /// Sets how many threads take part, once a loop that runs now has ended.
    ///
    /// - Parameter count: Threads, the calling one included, from 1 to 1024.
    public func setThreadCount(_ count: Int) {
        while isBusy.exchange(true, ordering: .acquiring) { cm_yield() }
        threadCount = min(max(1, count), Self.largestCount)
        wantedWorkers.store(threadCount - 1, ordering: .sequentiallyConsistent)
        // All look at the new size, and sleep where they belong.
        for word in [loops, sizes] {
            word.advance()
            word.wake(workers)
        }
        isBusy.store(false, ordering: .releasing)
    }

    private func startWorkers() {
        while workers < threadCount - 1 {
            let index = workers
            workers += 1
            let start = loops.value
            let thread = Thread { [self] in work(index, from: start) }
            thread.stackSize = 4 << 20
            thread.name = "worker \(index + 1)"
            thread.start()
        }
    }

    /// Calls `body` once for each index below `count`, on all threads; returns when all are done.
    ///
    /// Inside another loop, or while another thread uses the pool, the calling thread does all
    /// of it alone.
    ///
    /// - Parameters:
    ///   - count: Number of pieces.
    ///   - body: The work of one piece; pieces must not write the same memory.
    @inline(never) @_optimize(none)
    public func forEach(_ count: Int, _ body: (Int) -> Void) {
        // Not optimised: the closure must stay in its caller's frame until all threads left it.
        guard begins(count) else {
            runAlone(count, body)
            return
        }
        keepLoopBody(body, &job)
        wakeWorkers(count)
        var own = 0
        while let index = takePiece() {
            body(index)
            own += 1
        }
        waitForWorkers(count - own)
    }

    private func runAlone(_ count: Int, _ body: (Int) -> Void) {
        for index in 0..<max(0, count) { body(index) }
    }

    /// Whether a loop is worth the threads, which are then taken.
    private func begins(_ count: Int) -> Bool {
        let alone = threadCount == 1 || count < 2
        guard !alone, !isBusy.exchange(true, ordering: .acquiring) else { return false }
        if workers < threadCount - 1 { startWorkers() }
        return true
    }

    private func wakeWorkers(_ count: Int) {
        jobCount = count
        finished.store(0, ordering: .relaxed)
        forks.add(1, ordering: .relaxed)
        untaken.store(count, ordering: .releasing)
        loops.advance()
        let asleep = sleeping.load(ordering: .sequentiallyConsistent)
        let wanted = min(count, threadCount, processors) - 1
        let awake = threadCount - 1 - asleep
        if asleep > 0, awake < wanted { loops.wake(wanted - awake) }
    }

    /// Waits for the pieces that workers took.
    private func waitForWorkers(_ pieces: Int) {
        var rounds = 0
        while finished.load(ordering: .acquiring) < pieces {
            cm_spin_hint()
            rounds += 1
            if rounds > Self.spinRounds { cm_yield() }
        }
        isBusy.store(false, ordering: .releasing)
    }

    /// The index of a piece that is now the caller's, or nil when none is left.
    ///
    /// Who comes late takes a number that is no piece's, which the next loop overwrites; or a piece
    /// of that loop.
    private func takePiece() -> Int? {
        let left = untaken.subtract(1, ordering: .acquiring).oldValue
        return left > 0 ? jobCount - left : nil
    }

    private func work(_ worker: Int, from start: UInt32) {
        var seen = start
        while true {
            waitWhileUnwanted(worker)
            seen = waitForLoop(after: seen)
            var done = 0
            while let index = takePiece() {
                cm_call_loop_body(job, index)
                done += 1
            }
            if done > 0 { finished.add(done, ordering: .releasing) }
        }
    }

    /// Sleeps while the pool is smaller than the worker's number.
    private func waitWhileUnwanted(_ worker: Int) {
        while true {
            let size = sizes.value
            if worker < wantedWorkers.load(ordering: .sequentiallyConsistent) { return }
            sizes.wait(while: size)
        }
    }

    private func waitForLoop(after seen: UInt32) -> UInt32 {
        var rounds = 0
        while true {
            let now = loops.value
            if now != seen { return now }
            rounds += 1
            if rounds < Self.spinRounds {
                cm_spin_hint()
                continue
            }
            sleeping.add(1, ordering: .sequentiallyConsistent)
            loops.wait(while: seen)
            sleeping.subtract(1, ordering: .sequentiallyConsistent)
            rounds = 0
        }
    }
}

/// Writes down where a closure lies, without a copy on the heap.
@_silgen_name("cm_keep_loop_body")
private func keepLoopBody(_ body: (Int) -> Void, _ kept: UnsafeMutablePointer<cm_loop_body>)

/// Calls `body` for each index below `count` on the shared pool.
///
/// - Parameters:
///   - count: Number of pieces, cut by the shape of the data alone.
///   - body: The work of one piece; pieces must not write the same memory.
public func parallelFor(_ count: Int, _ body: (Int) -> Void) {
    WorkerPool.shared.forEach(count, body)
}

/// Cuts `0..<count` into blocks of `block` and calls `body` with each range on the shared pool.
///
/// - Parameters:
///   - count: Length of the whole range.
///   - block: Length of a block, at least 1; the last one may be shorter.
///   - body: The work of one block.
public func parallelBlocks(_ count: Int, block: Int, _ body: (Range<Int>) -> Void) {
    let pieces = (count + block - 1) / block
    parallelFor(pieces) { index in
        body(index * block..<min(count, (index + 1) * block))
    }
}
