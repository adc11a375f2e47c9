import Foundation
import Synchronization
import Testing

@testable import Parallelism

@Suite(.serialized) struct WorkerPoolTests {
    @Test(arguments: [1, 2, 3, 8], [0, 1, 2, 7, 1000])
    func everyIndexIsVisitedOnce(threads: Int, count: Int) {
        let pool = WorkerPool(threadCount: threads, processors: 8)
        var visits = [Int](repeating: 0, count: count)
        visits.withUnsafeMutableBufferPointer { visits in
            pool.forEach(count) { visits[$0] += 1 }
        }
        #expect(visits.allSatisfy { $0 == 1 })
    }

    @Test func manyLoopsInARowKeepTheirOrder() {
        let pool = WorkerPool(threadCount: 2, processors: 8)
        var values = [Int](repeating: 0, count: 64)
        values.withUnsafeMutableBufferPointer { values in
            for round in 0..<2000 {
                pool.forEach(values.count) { values[$0] = values[$0] * 3 % 1_000_003 + round }
            }
        }
        var expected = 0
        for round in 0..<2000 { expected = expected * 3 % 1_000_003 + round }
        #expect(values.allSatisfy { $0 == expected })
    }

    @Test func aLoopInsideALoopRunsOnItsThread() {
        let pool = WorkerPool(threadCount: 2, processors: 8)
        let sum = Atomic<Int>(0)
        pool.forEach(10) { outer in
            pool.forEach(10) { inner in sum.add(outer * 10 + inner, ordering: .relaxed) }
        }
        #expect(sum.load(ordering: .relaxed) == (0..<100).reduce(0, +))
    }

    @Test func aPoolThatGrowsAndShrinksLosesNothing() {
        let pool = WorkerPool(threadCount: 1, processors: 8)
        for threads in [3, 1, 2, 4, 1, 4] {
            pool.setThreadCount(threads)
            let sum = Atomic<Int>(0)
            pool.forEach(1000) { sum.add($0, ordering: .relaxed) }
            #expect(sum.load(ordering: .relaxed) == 499_500)
        }
    }

    @Test(arguments: [0, 1, 2, 300])
    func threadsMayOutnumberTheProcessors(processors: Int) {
        let pool = WorkerPool(threadCount: 300, processors: processors)
        let sum = Atomic<Int>(0)
        for _ in 0..<200 { pool.forEach(3) { sum.add($0, ordering: .relaxed) } }
        #expect(sum.load(ordering: .relaxed) == 600)
    }

    @Test func aPieceIsDoneBeforeItsLoopReturns() {
        let pool = WorkerPool(threadCount: 4, processors: 8)
        var values = [Int](repeating: 0, count: 40)
        values.withUnsafeMutableBufferPointer { values in
            for round in 1...50 {
                pool.forEach(values.count) { index in
                    if index % 7 == 3 { usleep(20) }
                    values[index] += round
                }
                #expect(values.allSatisfy { $0 == round * (round + 1) / 2 })
            }
        }
    }

    private final class Counter: Sendable {
        let sum = Atomic<Int>(0)
    }

    @Test func theThreadCountMayChangeWhileAnotherThreadLoops() async {
        let pool = WorkerPool(threadCount: 2, processors: 8)
        let counter = Counter()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for round in 0..<2000 { pool.setThreadCount(1 + round % 4) } }
            group.addTask {
                for _ in 0..<2000 {
                    pool.forEach(10) { counter.sum.add($0, ordering: .relaxed) }
                }
            }
        }
        #expect(counter.sum.load(ordering: .relaxed) == 90_000)
    }

    @Test func forksAreCounted() {
        let pool = WorkerPool(threadCount: 2, processors: 8)
        let before = pool.forkCount
        pool.forEach(5) { _ in }
        pool.forEach(1) { _ in }
        #expect(pool.forkCount - before == 1)
    }

    @Test(arguments: [0, 1, 9, 10, 11, 25])
    func blocksCoverTheRange(count: Int) {
        let covered = Mutex<[Int]>([])
        parallelBlocks(count, block: 10) { block in
            covered.withLock { $0 += Array(block) }
        }
        #expect(covered.withLock { $0.sorted() } == Array(0..<count))
    }

    @Test func thereIsAtLeastOneThread() {
        #expect(ThreadCount.available >= 1)
    }
}
