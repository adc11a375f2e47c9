import KernelInterface

/// The operands of one block of attention, or their gradients.
struct AttentionOperands {
    /// Rows of `keyWidth` elements.
    var queries: AttentionRows
    /// Rows of `keyWidth` elements.
    var keys: AttentionRows
    /// As many rows as keys, of `valueWidth` elements.
    var values: AttentionRows
}

/// Softmax attention of one block: the queries of one sample, head and window or region.
///
/// `y[i] = sum over j of p[i, j] v[j]` with `p[i] = softmax over j of (scale q[i] k[j])`. Scores
/// exist for a tile of queries at a time. The backward part computes them again: with
/// `ds[i, j] = p[i, j] (dp[i, j] - sum over l of p[i, l] dp[i, l])` and `dp[i, j] = dy[i] v[j]`,
/// `dq[i] = scale sum over j of ds[i, j] k[j]`, `dk[j] = scale sum over i of ds[i, j] q[i]`,
/// `dv[j] = sum over i of p[i, j] dy[i]`. One thread computes a block, tile after tile: so
/// the bits do not depend on the threads as long as no two blocks add to the same rows.
struct AttentionCore: Sendable {
    /// What products of queries and keys are multiplied by.
    let scale: Float
    /// Elements of a query and of a key.
    let keyWidth: Int
    /// Elements of a value and of a row of the output.
    let valueWidth: Int

    /// Floats of working memory of `forward`.
    ///
    /// - Parameters:
    ///   - queries: Number of queries, at most.
    ///   - keys: Number of keys, at most.
    /// - Returns: A multiple of 16.
    func scratchCount(queries: Int, keys: Int) -> Int {
        AttentionLayout(self, queries: queries, keys: keys).forwardCount
    }

    /// Floats of working memory of `backward`.
    ///
    /// - Parameters:
    ///   - queries: Number of queries, at most.
    ///   - keys: Number of keys, at most.
    /// - Returns: A multiple of 16.
    func backwardScratchCount(queries: Int, keys: Int) -> Int {
        AttentionLayout(self, queries: queries, keys: keys).backwardCount
    }

    /// Multiply-adds of both products of a block.
    ///
    /// - Parameters:
    ///   - queries: Number of queries.
    ///   - keys: Number of keys.
    /// - Returns: The number.
    func multiplyAdds(queries: Int, keys: Int) -> Int {
        queries * keys * (keyWidth + valueWidth)
    }

    /// Computes a block.
    ///
    /// - Parameters:
    ///   - x: Queries, and at least one key with its value.
    ///   - y: One row of `valueWidth` elements a query.
    ///   - scratch: Room for `scratchCount` floats.
    func forward(
        _ x: AttentionOperands, into y: AttentionRows, scratch: UnsafeMutablePointer<Float>
    ) {
        let layout = AttentionLayout(self, queries: x.queries.count, keys: x.keys.count)
        packColumns(
            x.keys, width: keyWidth, scratch + layout.gathered, scratch + layout.transposedKeys)
        kernels.attention.gatherPanels(
            x.values, scratch + layout.values, AttentionCopy(width: valueWidth, stride: 0))
        forEachTile(of: x.queries.count, layout) { tile in
            scores(x.queries.part(tile), layout, scratch)
            let output = scratch + layout.output
            AttentionFactor(scratch + layout.scores, stride: layout.scoreStride).multiply(
                scratch + layout.values, into: output,
                MatrixExtent(rows: tile.count, columns: layout.valueStride, depth: layout.keys))
            kernels.attention.scatter(
                output, scratch + layout.inverse, y.part(tile),
                AttentionCopy(width: valueWidth, stride: layout.valueStride))
        }
    }

    /// Computes the gradients of a block.
    ///
    /// - Parameters:
    ///   - x: The operands of the forward pass.
    ///   - dy: The gradient of its output.
    ///   - gradients: Rows that are written, or added to where they say so.
    ///   - scratch: Room for `backwardScratchCount` floats.
    func backward(
        _ x: AttentionOperands, _ dy: AttentionRows, into gradients: AttentionOperands,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let layout = AttentionLayout(self, queries: x.queries.count, keys: x.keys.count)
        packColumns(
            x.keys, width: keyWidth, scratch + layout.gathered, scratch + layout.transposedKeys)
        packColumns(x.values, width: valueWidth, scratch + layout.gathered, scratch + layout.values)
        kernels.attention.gatherPanels(
            x.keys, scratch + layout.keyPanels, AttentionCopy(width: keyWidth, stride: 0))
        forEachTile(of: x.queries.count, layout) { tile in
            scores(x.queries.part(tile), layout, scratch)
            scoreGradients(dy.part(tile), layout, scratch)
            addKeyAndValueGradients(tile, layout, scratch)
            let sums = scratch + layout.output
            AttentionFactor(scratch + layout.scoreGradients, stride: layout.scoreStride).multiply(
                scratch + layout.keyPanels, into: sums,
                MatrixExtent(rows: tile.count, columns: layout.keyStride, depth: layout.keys))
            kernels.attention.scatter(
                sums, nil, gradients.queries.part(tile),
                AttentionCopy(width: keyWidth, stride: layout.keyStride, factor: scale))
        }
        kernels.attention.scatter(
            scratch + layout.keyGradients, nil, gradients.keys,
            AttentionCopy(width: keyWidth, stride: layout.keyStride))
        kernels.attention.scatter(
            scratch + layout.valueGradients, nil, gradients.values,
            AttentionCopy(width: valueWidth, stride: layout.valueStride))
    }

    // MARK: - Steps

    private func forEachTile(
        of queries: Int, _ layout: AttentionLayout, _ body: (Range<Int>) -> Void
    ) {
        var start = 0
        while start < queries {
            let end = min(queries, start + layout.tile)
            body(start..<end)
            start = end
        }
    }

    /// Packs rows as the columns of a right operand.
    private func packColumns(
        _ rows: AttentionRows, width: Int, _ gathered: UnsafeMutablePointer<Float>,
        _ panels: UnsafeMutablePointer<Float>
    ) {
        var (source, stride) = (rows.base, rows.stride)
        if rows.indices != nil {
            (source, stride) = (gathered, width)
            kernels.attention.gather(rows, gathered, AttentionCopy(width: width, stride: width))
        }
        kernels.matrix.packColumns(
            source, panels, PanelCopy(sourceStride: stride, depth: width, columns: rows.count))
    }

    /// Numerators of the probabilities of some queries, and 1 over their sums.
    private func scores(
        _ queries: AttentionRows, _ layout: AttentionLayout, _ scratch: UnsafeMutablePointer<Float>
    ) {
        let (scaled, scores) = (scratch + layout.queries, scratch + layout.scores)
        kernels.attention.gather(
            queries, scaled, AttentionCopy(width: keyWidth, stride: keyWidth, factor: scale))
        AttentionFactor(scaled, stride: keyWidth).multiply(
            scratch + layout.transposedKeys, into: scores,
            MatrixExtent(rows: queries.count, columns: layout.scoreStride, depth: keyWidth))
        kernels.attention.softmax(
            scores, scratch + layout.inverse, layout.scoreTile(rows: queries.count))
    }

    /// Probabilities of some queries, and the gradients of their scores.
    private func scoreGradients(
        _ dy: AttentionRows, _ layout: AttentionLayout, _ scratch: UnsafeMutablePointer<Float>
    ) {
        let (rows, gradients) = (scratch + layout.outputGradients, scratch + layout.scoreGradients)
        kernels.attention.gather(
            dy, rows, AttentionCopy(width: valueWidth, stride: valueWidth))
        AttentionFactor(rows, stride: valueWidth).multiply(
            scratch + layout.values, into: gradients,
            MatrixExtent(rows: dy.count, columns: layout.scoreStride, depth: valueWidth))
        kernels.attention.softmaxPullback(
            scratch + layout.scores, gradients, scratch + layout.inverse,
            layout.scoreTile(rows: dy.count))
    }

    /// `dk += dsᵀ (scale q)` and `dv += pᵀ dy`, begun by the first tile.
    private func addKeyAndValueGradients(
        _ tile: Range<Int>, _ layout: AttentionLayout, _ scratch: UnsafeMutablePointer<Float>
    ) {
        let panels = scratch + layout.tilePanels
        kernels.attention.gatherPanels(
            AttentionRows(scratch + layout.queries, stride: keyWidth, count: tile.count), panels,
            AttentionCopy(width: keyWidth, stride: 0))
        AttentionFactor(transposing: scratch + layout.scoreGradients, stride: layout.scoreStride)
            .multiply(
                panels, into: scratch + layout.keyGradients,
                MatrixExtent(rows: layout.keys, columns: layout.keyStride, depth: tile.count),
                adds: tile.lowerBound > 0)
        kernels.attention.gatherPanels(
            AttentionRows(
                scratch + layout.outputGradients, stride: valueWidth, count: tile.count), panels,
            AttentionCopy(width: valueWidth, stride: 0))
        AttentionFactor(transposing: scratch + layout.scores, stride: layout.scoreStride)
            .multiply(
                panels, into: scratch + layout.valueGradients,
                MatrixExtent(rows: layout.keys, columns: layout.valueStride, depth: tile.count),
                adds: tile.lowerBound > 0)
    }
}
