import Layers
import Testing

@Suite struct KeyRenamingTests {
    private static let renaming = KeyRenaming(
        from: "other", marker: "stem.weight",
        [
            KeyRule("stages.{s}.blocks.{j}.first", "blocks{s+1}.{j+3}.0"),
            KeyRule("stages.{s}.blocks", "blocks{s+1}"),
            KeyRule("stem", "embed.0"),
        ])

    /// An old name and the new one.
    static let names = [
        ("stages.2.blocks.11.first.weight", "blocks3.14.0.weight"),
        ("stages.2.blocks.11.second.weight", "blocks3.11.second.weight"),
        ("stages.x.blocks.1.first.weight", "stages.x.blocks.1.first.weight"),
        ("stem.weight", "embed.0.weight"),
        ("stem", "embed.0"),
        ("stems.weight", "stems.weight"),
        ("head.stem.weight", "head.stem.weight"),
        ("", ""),
    ]

    @Test(arguments: names) func firstRuleThatFitsIsApplied(old: String, new: String) {
        #expect(Self.renaming(old) == new)
    }
}
