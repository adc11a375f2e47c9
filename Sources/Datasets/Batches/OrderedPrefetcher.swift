import Foundation

/// Makes elements ahead of their use on threads of its own, and hands them out in order.
///
/// An element is a function of its index alone, so that threads only change when it is made. At
/// most `depth` elements wait; an error waits in the place of its element. Without threads each
/// element is made when it is asked for.
final class OrderedPrefetcher<Element: Sendable, Failure: Error>: Sendable {
    private let queue: Queue
    private let threadCount: Int

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - indices: The elements, first to last.
    ///   - threadCount: Threads of its own; 0 works on the caller's.
    ///   - depth: Elements that may be in the making or waiting, at least 1.
    ///   - make: Makes an element; called on any thread, for several elements at once.
    init(
        _ indices: Range<Int>, threadCount: Int, depth: Int,
        make: @escaping @Sendable (Int) throws(Failure) -> Element
    ) {
        queue = Queue(indices, depth: max(1, depth), threadCount: threadCount, make: make)
        self.threadCount = threadCount
        for index in 0..<threadCount {
            let thread = Thread { [queue] in queue.work() }
            thread.name = "loader \(index + 1)"
            thread.stackSize = 4 << 20
            thread.start()
        }
    }

    deinit { stop() }

    /// Seconds that callers of `next` waited for elements in the making.
    var waitedSeconds: Double { queue.waitedSeconds }

    /// The next element in order, or nil after the last one.
    ///
    /// - Returns: The element.
    /// - Throws: The error of making it.
    func next() throws(Failure) -> Element? {
        try threadCount == 0 ? queue.makeNext() : queue.takeNext()
    }

    /// Ends the threads and waits until they have ended; `next` gives nil from then on.
    func stop() { queue.stop() }

    /// What threads and caller share.
    private final class Queue: @unchecked Sendable {
        // @unchecked: all variables are read and written under `condition`.
        private let condition = NSCondition()
        private let make: @Sendable (Int) throws(Failure) -> Element
        private let end: Int
        private let depth: Int
        private var nextToMake: Int
        private var nextToTake: Int
        private var finished: [Int: Result<Element, Failure>] = [:]
        private var runningThreads: Int
        private var isStopped = false
        private var waited = 0.0

        init(
            _ indices: Range<Int>, depth: Int, threadCount: Int,
            make: @escaping @Sendable (Int) throws(Failure) -> Element
        ) {
            self.make = make
            self.depth = depth
            end = indices.upperBound
            nextToMake = indices.lowerBound
            nextToTake = indices.lowerBound
            runningThreads = threadCount
        }

        var waitedSeconds: Double { condition.withLock { waited } }

        func makeNext() throws(Failure) -> Element? {
            condition.lock()
            defer { condition.unlock() }
            guard !isStopped, nextToTake < end else { return nil }
            let start = DispatchTime.now().uptimeNanoseconds
            defer { waited += Self.seconds(since: start) }
            nextToTake += 1
            return try make(nextToTake - 1)
        }

        func takeNext() throws(Failure) -> Element? {
            let start = DispatchTime.now().uptimeNanoseconds
            condition.lock()
            while !isStopped, nextToTake < end, finished[nextToTake] == nil { condition.wait() }
            let result = isStopped ? nil : finished.removeValue(forKey: nextToTake)
            if result != nil { nextToTake += 1 }
            waited += Self.seconds(since: start)
            condition.broadcast()
            condition.unlock()
            return try result?.get()
        }

        func work() {
            while let index = claim() {
                let result = Result { () throws(Failure) in try make(index) }
                condition.withLock {
                    finished[index] = result
                    condition.broadcast()
                }
            }
            condition.withLock {
                runningThreads -= 1
                condition.broadcast()
            }
        }

        private func claim() -> Int? {
            condition.lock()
            defer { condition.unlock() }
            while !isStopped, nextToMake < end, nextToMake >= nextToTake + depth {
                condition.wait()
            }
            guard !isStopped, nextToMake < end else { return nil }
            nextToMake += 1
            return nextToMake - 1
        }

        private static func seconds(since start: UInt64) -> Double {
            Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
        }

        func stop() {
            condition.lock()
            isStopped = true
            condition.broadcast()
            while runningThreads > 0 { condition.wait() }
            finished = [:]
            condition.unlock()
        }
    }
}
