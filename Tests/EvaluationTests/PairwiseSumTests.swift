import Testing

@testable import Evaluation

@Suite struct PairwiseSumTests {
    @Test(arguments: [0, 1, 7, 8, 9, 127, 128, 129, 130, 257, 1000])
    func wholeNumbersSumExactly(count: Int) {
        let values = (0..<count).map { Double($0 * $0 % 1013) }
        #expect(PairwiseSum.of(values) == values.reduce(0, +))
    }

    @Test func meanOfNothingIsMinusOne() {
        #expect(PairwiseSum.mean([]) == -1)
    }
}
