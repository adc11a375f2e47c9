import Foundation
import Synchronization
import Testing

@testable import Datasets

@Suite struct OrderedPrefetcherTests {
    private struct Stop: Error {}

    @Test(arguments: [0, 1, 2, 3])
    func elementsComeInOrder(threads: Int) {
        let prefetcher = OrderedPrefetcher<Int, Never>(5..<40, threadCount: threads, depth: 4) {
            Thread.sleep(forTimeInterval: $0 % 3 == 0 ? 0.002 : 0)
            return $0 * $0
        }
        var elements: [Int] = []
        while let element = prefetcher.next() { elements.append(element) }
        #expect(elements == (5..<40).map { $0 * $0 })
        #expect(prefetcher.next() == nil)
    }

    @Test(arguments: [0, 2])
    func errorWaitsInThePlaceOfItsElement(threads: Int) throws {
        let prefetcher = OrderedPrefetcher<Int, Stop>(0..<9, threadCount: threads, depth: 3) {
            index throws(Stop) in
            if index == 4 { throw Stop() }
            return index
        }
        for expected in 0..<4 { #expect(try prefetcher.next() == expected) }
        #expect(throws: Stop.self) { try prefetcher.next() }
        #expect(try prefetcher.next() == 5)
    }

    @Test func noMoreThanDepthIsMadeAhead() {
        let made = Mutex(0)
        let prefetcher = OrderedPrefetcher<Int, Never>(0..<100, threadCount: 2, depth: 3) { index in
            made.withLock { $0 = max($0, index) }
            return index
        }
        #expect(prefetcher.next() == 0)
        Thread.sleep(forTimeInterval: 0.05)
        #expect(made.withLock { $0 } <= 3)
        prefetcher.stop()
    }

    @Test func stopEndsTheThreadsAndTheElements() {
        let running = Mutex(0)
        let prefetcher = OrderedPrefetcher<Int, Never>(0..<1000, threadCount: 3, depth: 8) {
            index in
            running.withLock { $0 += 1 }
            Thread.sleep(forTimeInterval: 0.001)
            running.withLock { $0 -= 1 }
            return index
        }
        _ = prefetcher.next()
        prefetcher.stop()
        #expect(running.withLock { $0 } == 0)
        #expect(prefetcher.next() == nil)
    }

    @Test func waitingIsCounted() {
        let prefetcher = OrderedPrefetcher<Int, Never>(0..<2, threadCount: 1, depth: 1) { index in
            Thread.sleep(forTimeInterval: 0.03)
            return index
        }
        _ = prefetcher.next()
        #expect(prefetcher.waitedSeconds > 0.01)
    }
}
