/// Which simplifications a plan makes before it is laid out.
public enum GraphRewriting: Sendable {
    /// None: every operation as the model wrote it.
    case none
    /// All: constants folded, epilogues fused, weights packed.
    case all

    /// The passes in their order: constants are folded before weights are packed, and what follows
    /// a product is fused into it once it is packed.
    private static let passes: [any GraphPass] = [
        AffinePass(), ProducerFoldingPass(), CentreTapPass(), ShortcutPass(),
        ReaderFoldingPass(), LayerScalePass(), PackingPass(), EpiloguePass(),
        ChainPass(), SlicePass(), ConcatenationPass(), ForesightPass(),
    ]

    /// Applies the passes in order; values that nobody reads disappear at the end.
    ///
    /// - Parameter graph: A traced model.
    /// - Returns: A graph with the same inputs and outputs.
    func apply(to graph: Graph) -> Graph {
        switch self {
        case .none: return graph
        case .all:
            let editor = GraphEditor(graph)
            for pass in Self.passes { pass.rewrite(editor) }
            return editor.finish()
        }
    }
}

/// One simplification of a graph.
protocol GraphPass: Sendable {
    /// Rewrites all places that the simplification fits.
    ///
    /// - Parameter editor: The graph.
    func rewrite(_ editor: GraphEditor)
}
