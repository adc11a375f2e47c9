/// Lets products ask for the weights of later ones, as far as the memory keeps up with their sums.
///
/// The weights of a whole model come from memory in each replay, while the products of many rows
/// leave memory idle and those of few rows wait for it. Each product asks for a share of what
/// follows that fits its own sums; what it has not asked for, the next ones do.
struct ForesightPass: GraphPass {
    /// Multiply-adds for each float that is asked for: both cores of a Zen 4 then read 29 GB/s.
    private static let sumsPerFloat = 16
    /// Floats that are asked for ahead at most: they have to stay in the caches.
    private static let longest = 1 << 21
    /// Floats that are worth asking for.
    private static let least = 1 << 10

    func rewrite(_ editor: GraphEditor) {
        let places = editor.nodes.indices.compactMap { place($0, editor) }
        guard let room = places.first?.weight.room,
            let end = places.map(\.weight.range.upperBound).max()
        else { return }
        var known = 0
        for place in places {
            known = max(known, place.weight.range.upperBound)
            let most = min(end, place.weight.range.upperBound + Self.longest)
            let range = known..<max(known, min(most, known + place.sums / Self.sumsPerFloat))
            guard range.count >= Self.least, let node = editor.nodes[place.index],
                var product = node.operation as? FusedProduct
            else { continue }
            product.foresight = WeightForesight(room: room, range: range)
            editor.replace(place.index, by: product, inputs: node.inputs)
            known = range.upperBound
        }
    }

    /// A matrix product.
    private struct Place {
        let index: Int
        let weight: WeightForesight
        let sums: Int
    }

    private func place(_ index: Int, _ editor: GraphEditor) -> Place? {
        guard let product = editor.nodes[index]?.operation as? FusedProduct,
            case .matrix(let matrix, let rows) = product.weights
        else { return nil }
        return Place(
            index: index, weight: matrix.place, sums: rows * matrix.layout.count)
    }
}

/// A part of the block of all packed weights that is asked for before it is read.
struct WeightForesight: Sendable {
    /// The block.
    let room: Storage
    /// The elements.
    let range: Range<Int>

    /// One of equal parts.
    func part(_ index: Int, of count: Int) -> UnsafeBufferPointer<Float> {
        let start = range.count * index / count
        let end = range.count * (index + 1) / count
        return UnsafeBufferPointer(
            start: room.pointer + (range.lowerBound + start), count: end - start)
    }
}
