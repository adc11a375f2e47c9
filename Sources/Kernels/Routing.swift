// The largest of a few numbers by their ranks: how many numbers come before each. A sorted list of
// those seen so far needs fewer steps, but each is a branch that cannot be foreseen; 16 of 49 take
// a fifth of its time.

/// Writes the places of the largest numbers, falling.
@Sendable
func chooseLargest(
    _ numbers: UnsafeMutablePointer<Float>, _ count: Int, _ places: UnsafeMutablePointer<Float>,
    _ wanted: Int
) {
    var i = 0
    while i < count {
        if numbers[i].isNaN { numbers[i] = -Float.infinity }
        i &+= 1
    }
    var first = 0
    while first < count {
        let rest = count &- first
        let width = rest < Vector.scalarCount ? rest : Vector.scalarCount
        let ranks = ranks(numbers, count, loadLanes(numbers + first, width), first)
        var lane = 0
        while lane < width {
            let rank = Int(ranks[lane])
            if rank < wanted { places[rank] = Float(first &+ lane) }
            lane &+= 1
        }
        first &+= Vector.scalarCount
    }
}

/// How many numbers come before each of a vector, whose first one is number `first`.
@inline(__always)
private func ranks(
    _ numbers: UnsafePointer<Float>, _ count: Int, _ values: Vector, _ first: Int
) -> Vector {
    let one = Vector(repeating: 1)
    let end = first &+ Vector.scalarCount < count ? first &+ Vector.scalarCount : count
    var ranks = Vector(repeating: 0)
    var i = 0
    while i < first {
        let other = Vector(repeating: numbers[i])
        ranks = ranks.replacing(with: ranks + one, where: other .>= values)
        i &+= 1
    }
    while i < end {
        let other = Vector(repeating: numbers[i])
        let isBelow = laneNumbers() .> Vector(repeating: Float(i &- first))
        let isBefore = (other .> values) .| ((other .== values) .& isBelow)
        ranks = ranks.replacing(with: ranks + one, where: isBefore)
        i &+= 1
    }
    while i < count {
        let other = Vector(repeating: numbers[i])
        ranks = ranks.replacing(with: ranks + one, where: other .> values)
        i &+= 1
    }
    return ranks
}
