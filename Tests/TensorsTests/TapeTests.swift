import Testing

@testable import Tensors

@Suite struct TapeTests {
    private func leaf(_ values: [Float]) -> (tensor: Tensor, sink: GradientSink) {
        (Tensor(shape: [values.count], values), GradientSink())
    }

    @Test func nothingIsRecordedOutsideATape() {
        let (x, sink) = leaf([1, -2])
        let y = x.leaf(sink).relu()
        #expect(y.node == nil)
    }

    @Test func gradientsOfSeveralUsesAddUp() {
        let (x, sink) = leaf([1, -2, 3])
        let (y, tape) = Tape.record { () -> Tensor in
            let x = x.leaf(sink)
            return x.relu() + x + x
        }
        tape.backward(from: [(y, Tensor(shape: [3], [1, 1, 10]))])
        #expect(sink.value?.elements == [3, 2, 30])
    }

    @Test func aSharedGradientIsNotOverwritten() {
        let (a, first) = leaf([1])
        let (b, second) = leaf([2])
        let (y, tape) = Tape.record { () -> Tensor in
            let (a, b) = (a.leaf(first), b.leaf(second))
            // Both operands of a sum get the same block; adding to one must leave the other.
            return (a + b) + a
        }
        tape.backward(from: y)
        #expect(first.value?.elements == [2])
        #expect(second.value?.elements == [1])
    }

    @Test func gradientsOfTwoPassesAddUp() {
        let (x, sink) = leaf([5])
        for _ in 0..<2 {
            let (y, tape) = Tape.record { x.leaf(sink).relu() }
            tape.backward(from: y)
        }
        #expect(sink.value?.elements == [2])
    }

    @Test func aPausedTapeRecordsNothing() {
        let (x, sink) = leaf([5])
        let (y, tape) = Tape.record { Tape.paused { x.leaf(sink).relu() } }
        tape.backward(from: y)
        #expect(sink.value == nil)
    }

    private final class WeakStorage {
        weak var storage: Storage?

        init(_ storage: Storage) { self.storage = storage }
    }

    @Test func memoryIsReleasedAsBackwardGoes() {
        let (x, sink) = leaf([1, 2, 3])
        var kept: [WeakStorage] = []
        let (y, tape) = Tape.record { () -> Tensor in
            var y = x.leaf(sink)
            for _ in 0..<10 {
                y = y.relu()
                kept.append(WeakStorage(y.storage))
            }
            return y
        }
        #expect(kept.allSatisfy { $0.storage != nil })
        tape.backward(from: y)
        #expect(kept.dropLast().allSatisfy { $0.storage == nil })
        #expect(sink.value?.elements == [1, 1, 1])
    }

    @Test func aLeafIsCompleteOnceItsFirstUseIsWalked() {
        let (x, first) = leaf([1, 2])
        let (z, second) = leaf([3, 4])
        let (y, tape) = Tape.record { () -> Tensor in
            let (x, z) = (x.leaf(first), z.leaf(second))
            return (x * z).relu() * x
        }
        var complete: [[Float]?] = []
        tape.backward(from: [(y, Tensor(shape: [2], repeating: 1))]) {
            complete.append($0.value?.elements)
        }
        #expect(complete == [[6, 16], [1, 4]])
    }

    @Test func aCompleteLeafIsNoLongerKept() {
        let sink = GradientSink()
        var weight = Tensor(shape: [2, 2], repeating: 1)
        let place = weight.storage.pointer
        let (y, tape) = Tape.record {
            Tensor(shape: [3, 2], repeating: 1).linear(weight.leaf(sink), bias: nil)
        }
        tape.backward(from: [(y, Tensor(shape: [3, 2], repeating: 1))]) { _ in
            ParameterUpdate.scale(&weight, by: 2)
        }
        #expect(weight.elements == [2, 2, 2, 2])
        #expect(weight.storage.pointer == place)
    }

    @Test func aProfileNamesBothDirections() {
        let (x, sink) = leaf([5])
        let profile = TapeProfile()
        let (y, tape) = Tape.record(profile: profile) { x.leaf(sink).relu() }
        tape.backward(from: y)
        #expect(
            profile.entries.map(\.name) == ["ReLU [1]", "ReLU backward [1]", "leaf complete []"])
    }

    @Test func aProfileCountsTheProductsOfBothDirections() {
        let x = Tensor(shape: [3, 4], repeating: 1)
        let profile = TapeProfile()
        let weight = Tensor(shape: [5, 4], repeating: 1)
        let (y, tape) = Tape.record(profile: profile) {
            x.leaf(GradientSink()).linear(weight, bias: nil)
        }
        tape.backward(from: [(y, Tensor(shape: y.shape, repeating: 1))])
        #expect(profile.entries.map(\.multiplyAdds) == [3 * 4 * 5, 3 * 4 * 5, 0])
    }
}
