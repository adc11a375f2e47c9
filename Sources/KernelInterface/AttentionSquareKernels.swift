/// Softmax attention of some queries to keys that lie in groups of four.
///
/// `y[i] = residual[i] + sum over j of p[i, j] v[j]`, `p[i] = softmax over j of (scale q[i] k[j])`.
/// Scores are computed by squares of queries and keys: so also a few keys that stand alone, such as
/// a region of 2x2 pixels, fill whole vectors, and no group is copied to stand beside another. No
/// row is filler.
public struct AttentionSquares: Sendable {
    // Pointers live as long as the call that the operands are made for.
    /// Rows of `keyWidth` elements.
    public var queries: AttentionRows
    /// The packed groups, each `[keyWidth, 4]`.
    public nonisolated(unsafe) var keys: UnsafePointer<Float>
    /// Where each group begins, in floats.
    public nonisolated(unsafe) var groups: UnsafePointer<Int32>
    /// One row a key, of `valueWidth` elements.
    public var values: AttentionRows
    /// As many rows as queries, of `valueWidth` elements.
    public var output: AttentionRows
    /// What is added to the output, a matrix of the same rows; nil for nothing.
    public nonisolated(unsafe) var residual: UnsafePointer<Float>?
    /// Widths of keys and values, and the scale.
    public var sizes: AttentionSquareSizes

    /// Names the operands.
    ///
    /// - Parameters:
    ///   - queries: Rows of `keyWidth` elements.
    ///   - keys: The packed groups, and where each begins, in floats.
    ///   - values: One row a key.
    ///   - output: One row a query.
    ///   - sizes: Widths and scale.
    public init(
        queries: AttentionRows,
        keys: (packed: UnsafePointer<Float>, groups: UnsafePointer<Int32>),
        values: AttentionRows, output: AttentionRows, sizes: AttentionSquareSizes
    ) {
        self.queries = queries
        self.keys = keys.packed
        groups = keys.groups
        self.values = values
        self.output = output
        self.sizes = sizes
    }
}

/// Widths and scale of attention by squares.
public struct AttentionSquareSizes: Sendable {
    /// Elements of a query and of a key: a multiple of four.
    public var keyWidth: Int
    /// Elements of a value and of a row of the output: a multiple of 32.
    public var valueWidth: Int
    /// What products of queries and keys are multiplied by.
    public var scale: Float

    /// Collects sizes.
    ///
    /// - Parameters:
    ///   - keyWidth: Elements of a query and of a key: a multiple of four.
    ///   - valueWidth: Elements of a value: a multiple of 32.
    ///   - scale: What products of queries and keys are multiplied by.
    public init(keyWidth: Int, valueWidth: Int, scale: Float) {
        self.keyWidth = keyWidth
        self.valueWidth = valueWidth
        self.scale = scale
    }

    /// Floats of working memory for so many keys: scaled queries and scores of twelve queries, and
    /// one over the sums of the scores.
    ///
    /// - Parameter keys: Number of keys: a multiple of four.
    /// - Returns: A multiple of 16.
    public func scratchCount(keys: Int) -> Int { 48 * (keyWidth + keys / 4) + 16 }
}

/// Attention by squares of queries and keys, and the choice of the regions that it attends to.
public struct AttentionSquareKernels: Sendable {
    /// Packs keys, whole groups of them: rows, groups, width of a key.
    public let pack: @Sendable (AttentionRows, UnsafeMutablePointer<Float>, Int) -> Void
    /// Computes the output; the second argument is working memory.
    public let attend: @Sendable (AttentionSquares, UnsafeMutablePointer<Float>) -> Void
    /// Writes the places of the largest numbers, falling, of equal ones the lower place first:
    /// numbers and how many, of which what cannot be compared becomes minus infinity; places and
    /// how many of them are wanted.
    public let choose:
        @Sendable (UnsafeMutablePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void

    /// Makes the group.
    ///
    /// - Parameters:
    ///   - pack: Packs keys.
    ///   - attend: Computes the output.
    ///   - choose: Writes the places of the largest numbers.
    public init(
        pack: @escaping @Sendable (AttentionRows, UnsafeMutablePointer<Float>, Int) -> Void,
        attend: @escaping @Sendable (AttentionSquares, UnsafeMutablePointer<Float>) -> Void,
        choose:
            @escaping @Sendable (
                UnsafeMutablePointer<Float>, Int, UnsafeMutablePointer<Float>, Int
            ) -> Void
    ) {
        self.pack = pack
        self.attend = attend
        self.choose = choose
    }
}
