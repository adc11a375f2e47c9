import CMachine
import Foundation
import Synchronization

/// The threads that share the loops of one process.
///
/// A loop is cut into pieces by its caller, from the shape of the data and never from the number
/// of threads, so that results have the same bits for any number. Threads take pieces from a
/// shared counter. They spin for about 50 microseconds after a loop and then sleep on a futex: a
/// fork-join costs 0.35 microseconds while spinning and 20 to 47 once asleep.
public final class WorkerPool: @unchecked Sendable {
    // @unchecked: `job` is written by the thread that owns `isBusy` and read by workers after
    // they saw the new `generation`, which is published with release ordering.

    /// The pool of this process.
    public static let shared = WorkerPool(threadCount: ThreadCount.available)

    /// Threads that take part in a loop, the calling one included.
    public private(set) var threadCount: Int

    /// Fork-joins since the start; a benchmark shows the difference over one replay.
    public var forkCount: Int { forks.load(ordering: .relaxed) }

    private let isBusy = Atomic<Bool>(false)
    private let forks = Atomic<Int>(0)
    private let next = Atomic<Int>(0)
    private let active = Atomic<Int>(0)
    private let signal: UnsafeMutablePointer<UInt32>
    private let generation: UnsafePointer<Atomic<UInt32>>
    private let sleeping = Atomic<Int>(0)
    private var job = cm_loop_body()
    private var jobCount = 0
    private var workers = 0

    private static let spinRounds = 1500
    private static let numberShift: UInt32 = 10
    private static let participantMask: UInt32 = 1023

    /// Makes a pool of its own; its threads live as long as the process.
    ///
    /// - Parameter threadCount: Threads that take part, the calling one included, at least 1.
    public init(threadCount: Int) {
        self.threadCount = min(max(1, threadCount), Int(Self.participantMask))
        signal = .allocate(capacity: 16)
        signal.initialize(repeating: 0, count: 16)
        generation = UnsafePointer(
            UnsafeRawPointer(signal).assumingMemoryBound(to: Atomic<UInt32>.self))
        startWorkers()
    }

    /// Sets how many threads take part, once a loop that runs now has ended.
    ///
    /// - Parameter count: Threads, the calling one included, from 1 to 1023.
    public func setThreadCount(_ count: Int) {
        while isBusy.exchange(true, ordering: .acquiring) { cm_yield() }
        threadCount = min(max(1, count), Int(Self.participantMask))
        startWorkers()
        isBusy.store(false, ordering: .releasing)
    }

    private func startWorkers() {
        while workers < threadCount - 1 {
            let index = workers
            workers += 1
            let start = generation.pointee.load(ordering: .acquiring)
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
        while let index = nextIndex(below: count) { body(index) }
        waitForWorkers()
    }

    private func runAlone(_ count: Int, _ body: (Int) -> Void) {
        for index in 0..<max(0, count) { body(index) }
    }

    /// Whether a loop is worth the threads, which are then taken.
    private func begins(_ count: Int) -> Bool {
        let alone = threadCount == 1 || count < 2
        return !alone && !isBusy.exchange(true, ordering: .acquiring)
    }

    private func wakeWorkers(_ count: Int) {
        jobCount = count
        next.store(0, ordering: .relaxed)
        active.store(threadCount - 1, ordering: .relaxed)
        forks.add(1, ordering: .relaxed)
        // The loop's number and its participants in one word: a thread that wakes late decides
        // by what it saw, and never joins a later loop twice.
        let number = (generation.pointee.load(ordering: .relaxed) >> Self.numberShift) &+ 1
        generation.pointee.store(
            number << Self.numberShift | UInt32(threadCount), ordering: .sequentiallyConsistent)
        if sleeping.load(ordering: .sequentiallyConsistent) > 0 { cm_futex_wake_all(signal) }
    }

    private func waitForWorkers() {
        var rounds = 0
        while active.load(ordering: .acquiring) > 0 {
            cm_spin_hint()
            rounds += 1
            if rounds > Self.spinRounds { cm_yield() }
        }
        isBusy.store(false, ordering: .releasing)
    }

    private func nextIndex(below count: Int) -> Int? {
        let index = next.add(1, ordering: .relaxed).oldValue
        return index < count ? index : nil
    }

    private func work(_ worker: Int, from start: UInt32) {
        var seen = start
        while true {
            seen = waitForChange(from: seen)
            // A pool that was made smaller leaves its last threads without work.
            if worker + 1 >= Int(seen & Self.participantMask) { continue }
            let (body, count) = (job, jobCount)
            while let index = nextIndex(below: count) { cm_call_loop_body(body, index) }
            active.subtract(1, ordering: .releasing)
        }
    }

    private func waitForChange(from seen: UInt32) -> UInt32 {
        var rounds = 0
        while true {
            let now = generation.pointee.load(ordering: .acquiring)
            if now != seen { return now }
            rounds += 1
            if rounds < Self.spinRounds {
                cm_spin_hint()
                continue
            }
            sleeping.add(1, ordering: .sequentiallyConsistent)
            cm_futex_wait(signal, seen)
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
