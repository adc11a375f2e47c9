/// The sizes of a chain: a product to hidden channels, a depth-wise convolution, a product back.
struct ChainSizes: Sendable {
    /// Maps of the batch.
    let samples: Int
    /// Rows of a map.
    let height: Int
    /// Columns of a map.
    let width: Int
    /// Rows that an output row reads above its own.
    let above: Int
    /// Rows that an output row reads below its own.
    let below: Int
    /// Channels of the input.
    let inputs: Int
    /// Channels between the products.
    let hidden: Int
    /// Channels of the output.
    let outputs: Int
}

/// Rows of one map that a thread computes from input to output.
struct ChainBand {
    /// The map.
    let sample: Int
    /// Rows of the output.
    let rows: Range<Int>
}

/// How a chain is cut, by its sizes alone: bands of rows for the threads to share; in a band
/// blocks of hidden channels, in each of these chunks of rows.
///
/// What lies between the layers is then as large as a chunk of one block. Two Zen 4 cores need for
/// 56x56x32 -> 256 -> 32, 28x28x64 -> 512 -> 64 and 56x56x64 -> 512 -> 64 with GELU inside 0.69,
/// 0.59 and 2.34 ms, the layers one by one 0.88, 0.75 and 2.88.
struct ChainCut: Sendable {
    /// The sizes.
    let sizes: ChainSizes
    /// Hidden channels of a block, the last may be fewer.
    let blockChannels: Int
    /// Rows of a chunk, the last may be fewer.
    let chunkRows: Int
    private let bands: Int

    /// Hidden elements that the caches do not hold: below, single layers are as fast.
    private static let uncachedCount = 3 << 17
    /// Rows of a band for each row that is read around it.
    private static let leastShare = 6
    /// The same in training.
    private static let leastTrainingShare = 7
    /// Bands of all maps together that keep threads busy to the end.
    private static let wantedBands = 8
    /// Hidden channels of a block: the last product reads and writes its sums once a block.
    private static let wantedChannels = 64
    /// Elements of a chunk.
    private static let chunkCount = 1 << 14

    /// Cuts a chain; nil where its layers are faster one by one.
    ///
    /// Two bands of 14 rows of 28 are the least: their common rows cost 7 % of the first product.
    ///
    /// - Parameter sizes: The sizes.
    init?(_ sizes: ChainSizes) {
        let most = sizes.height / max(1, Self.leastShare * (sizes.above + sizes.below))
        guard Self.isLarge(sizes), most >= 2 else { return nil }
        self.init(sizes, bands: max(2, most / 4 * 2))
    }

    /// Cuts a chain for both directions of training; nil where its layers are faster one by one.
    ///
    /// Going back, twice as many rows around a band are computed by both neighbours: the more maps,
    /// the fewer bands. Output and gradients of 4 maps of 56x56x32 -> 256 -> 32 and of
    /// 28x28x64 -> 512 -> 64 take 9.8 and 8.3 ms, the layers one by one 12.9 and 8.6.
    ///
    /// - Parameter sizes: The sizes.
    init?(training sizes: ChainSizes) {
        let most = sizes.height / max(1, Self.leastTrainingShare * (sizes.above + sizes.below))
        guard Self.isLarge(sizes), most >= 2 else { return nil }
        let wanted = (Self.wantedBands + sizes.samples - 1) / sizes.samples
        self.init(sizes, bands: min(most, wanted))
    }

    private static func isLarge(_ sizes: ChainSizes) -> Bool {
        sizes.samples * sizes.height * sizes.width * sizes.hidden >= uncachedCount
    }

    private init(_ sizes: ChainSizes, bands: Int) {
        self.sizes = sizes
        self.bands = bands
        let blocks = max(1, sizes.hidden / Self.wantedChannels)
        blockChannels = ((sizes.hidden + blocks - 1) / blocks + 31) / 32 * 32
        let rows = (sizes.height + bands - 1) / bands
        let fitting = max(1, Self.chunkCount / max(1, sizes.width * blockChannels))
        let chunks = (rows + fitting - 1) / fitting
        chunkRows = (rows + chunks - 1) / chunks
    }

    /// Number of bands of all maps.
    var count: Int { sizes.samples * bands }

    /// A band; bands differ by one row at most.
    subscript(index: Int) -> ChainBand {
        let band = index % bands
        return ChainBand(
            sample: index / bands,
            rows: band * sizes.height / bands..<(band + 1) * sizes.height / bands)
    }

    /// Number of blocks of hidden channels.
    var blocks: Int { (sizes.hidden + blockChannels - 1) / blockChannels }

    /// The channels of a block.
    func channels(_ block: Int) -> Range<Int> {
        block * blockChannels..<min(sizes.hidden, (block + 1) * blockChannels)
    }

    /// The rows of the map that rows of the output are computed from.
    func source(_ rows: Range<Int>) -> Range<Int> {
        max(0, rows.lowerBound - sizes.above)..<min(sizes.height, rows.upperBound + sizes.below)
    }

    /// Floats of a chunk of hidden channels.
    var chunkCount: Int { Self.padded(chunkRows * sizes.width * blockChannels) }

    /// Floats of a chunk with the rows around it.
    var windowCount: Int {
        Self.padded((chunkRows + sizes.above + sizes.below) * sizes.width * blockChannels)
    }

    /// Rounded to 64 bytes, and 16 floats that kernels may read past the end.
    private static func padded(_ count: Int) -> Int { (count + 31) / 16 * 16 }
}
