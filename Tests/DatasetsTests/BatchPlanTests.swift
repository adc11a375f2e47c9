import Imaging
import Testing

@testable import Datasets

@Suite struct BatchPlanTests {
    @Test(arguments: [1, 2, 7, 100])
    func everyPassHoldsEachIndexOnce(count: Int) {
        let stream = ShuffledStream(count: count, seed: 3)
        for pass in 0..<3 {
            let indices = (0..<count).map { stream.index(at: pass * count + $0) }
            #expect(indices.sorted() == Array(0..<count))
        }
    }

    @Test func passesAndSeedsDiffer() {
        let (first, other) = (
            ShuffledStream(count: 50, seed: 0), ShuffledStream(count: 50, seed: 1)
        )
        let orders = [0, 50].map { start in (0..<50).map { first.index(at: start + $0) } }
        #expect(orders[0] != orders[1])
        #expect(orders[0] != (0..<50).map { other.index(at: $0) })
    }

    @Test func positionsCanBeAskedForInAnyOrder() {
        let stream = ShuffledStream(count: 10, seed: 5)
        let forward = (0..<100).map { stream.index(at: $0) }
        let backward = (0..<100).reversed().map { stream.index(at: $0) }
        #expect(forward == backward.reversed())
    }

    private func planner(multiScale: [Int] = [], mosaicEnd: Int = .max) -> BatchPlanner {
        BatchPlanner(
            imageCount: 10, options: BatchOptions(batchSize: 4, seed: 1, mosaicEnd: mosaicEnd),
            preprocessing: .plain(320, 160), multiScale: multiScale)
    }

    @Test func batchesAreFullAndCoverTheSet() {
        let planner = planner()
        let indices = (0..<5).flatMap { planner.plan(at: $0).indices }
        #expect(indices.count == 20)
        #expect(indices.prefix(10).sorted() == Array(0..<10))
        #expect(indices.suffix(10).sorted() == Array(0..<10))
    }

    @Test func sizesComeFromTheListInMultiplesOfTheStride() {
        let planner = planner(multiScale: [256, 330, 384])
        let sizes = Set((0..<64).map { planner.plan(at: $0).size })
        #expect(
            sizes == [
                ImageSize(width: 256, height: 128), ImageSize(width: 320, height: 160),
                ImageSize(width: 384, height: 192),
            ])
        #expect(Set((0..<9).map { self.planner().plan(at: $0).size }).count == 1)
    }

    @Test func mosaicsEndWithTheirStep() {
        let planner = planner(mosaicEnd: 3)
        #expect(
            (0..<5).map { planner.plan(at: $0).allowsMosaics } == [true, true, true, false, false])
    }
}
