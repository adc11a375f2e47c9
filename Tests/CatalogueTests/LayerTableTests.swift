import Catalogue
import Foundation
import JSONText
import TestSupport
import Testing

/// What `cvsuite models` prints.
@Suite struct LayerTableTests {
    @Test(arguments: EveryFamilyTests.smallest) func tableIsTheCommittedOne(
        entry: BackboneCatalogue.Entry
    ) throws {
        let file = Goldens.folder + "/tables/\(entry.name).txt"
        let expected = try String(contentsOfFile: file, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        let actual = try LayerTable(Architecture(published: entry.name)).text
            .split(separator: "\n", omittingEmptySubsequences: false)
        let same = zip(expected, actual).prefix { $0.0 == $0.1 }.count
        let isSame = same == expected.count && same == actual.count
        func line(_ lines: some Collection<Substring>) -> Substring {
            lines.dropFirst(same).first ?? "(the end)"
        }
        #expect(
            isSame,
            """
            line \(same + 1) differs:
              committed: \(line(expected))
              now:       \(line(actual))
            if that is meant: cvsuite models \(entry.name) > Tests/Goldens/tables/\(entry.name).txt
            """)
    }

    @Test(arguments: ModelList().models) func sumsAreThePublishedOnes(row: ModelList.Row) throws {
        let published = try Published(row)
        let table = try LayerTable(
            Architecture(published: row.name), height: published.size[0],
            width: published.size[1])
        #expect(row.parameters == published.parameters)
        #expect(row.size != published.size || row.multiplyAdds == published.multiplyAdds)
        #expect(table.parameters == published.parameters)
        #expect(table.multiplyAdds == published.multiplyAdds)
        #expect(table.layers.reduce(0) { $0 + $1.parameters } == published.parameters)
        #expect(table.layers.reduce(0) { $0 + $1.multiplyAdds } == published.multiplyAdds)
    }

    /// The authors' sums for one size of images.
    private struct Published {
        let parameters: Int?
        let multiplyAdds: Int?
        let size: [Int]

        init(_ row: ModelList.Row) throws {
            guard row.family != "bevanet" else {
                // With the training heads, as the authors count, on Cityscapes.
                let isSmall = row.name == "bevanet_s"
                parameters = isSmall ? 15_186_004 : 58_823_892
                multiplyAdds = isSmall ? 63_039_964_768 : 244_506_235_232
                size = [1024, 2048]
                return
            }
            let info = try JSONValue.read(
                path: Goldens.folder + "/backbones/full/\(row.name).json")
            parameters = info["parameters"]?.integer
            multiplyAdds = info["multiply_adds"]?.integer
            size = row.size
        }
    }

    @Test func listNamesTheModelsSizesAndPaper() throws {
        let lines = ModelList().text.split(separator: "\n").map(String.init)
        let line = try #require(lines.first { $0.hasPrefix("van_b0 ") })
        #expect(line.contains("4.1    M parameters, 0.86  G MACs at 224x224"))
        let papers = lines.filter { $0.contains("arXiv") }
        #expect(papers.count == 5 && Set(papers).count == 5)
    }

    @Test func familyIsNoNetwork() {
        let error = #expect(throws: CatalogueError.self) { try Architecture(published: "van") }
        #expect(error?.fix.contains("van_b0") == true)
    }
}
