import ArgumentParser
import Datasets
import Foundation
import Imaging
import Prediction

/// `cvsuite data demo`: draws a data set to try everything on.
struct DataDemo: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Draw a set of X-ray baggage pictures with annotations.",
        discussion: """
            Writes images/ and annotations/{train,val,test}.json in COCO form, split 70/15/15.
            Equal seeds give equal files.

            Examples:
              cvsuite data demo --out demo
              cvsuite data demo --kind baggage --out demo16 --images 60 --bit-depth 16 --seed 7
            """)

    /// What is drawn.
    enum Kind: String, ExpressibleByArgument, CaseIterable { case baggage }

    @OptionGroup var common: CommonOptions
    @Option(help: "What is drawn.") var kind = Kind.baggage
    @Option(help: "Folder to write.") var out: String
    @Option(help: "Pictures in all, 3 to 100000.") var images = 360
    @Option(help: "Width and height in pixels, 64 to 4096 each.") var size = "320x240"
    @Option(help: "8: coloured JPEG; 16: raw grey PNG.") var bitDepth = 8
    @Flag(help: "Write into a folder that has files.") var overwrite = false

    func validate() throws {
        guard !out.isEmpty else { throw ValidationError("--out needs a path") }
        guard (3...100_000).contains(images) else {
            throw ValidationError("--images must be from 3 to 100000")
        }
        guard BaggageDemo.Depth(rawValue: bitDepth) != nil else {
            throw ValidationError("--bit-depth must be 8 or 16")
        }
        guard pictureSize != nil else {
            throw ValidationError("--size must be WIDTHxHEIGHT, 64 to 4096 each")
        }
    }

    private var pictureSize: Imaging.ImageSize? {
        let sides = size.split(separator: "x", omittingEmptySubsequences: false).compactMap {
            Int($0)
        }
        guard sides.count == 2, sides.allSatisfy((64...4096).contains) else { return nil }
        return Imaging.ImageSize(width: sides[0], height: sides[1])
    }

    func perform() throws {
        let held = (try? FileManager.default.contentsOfDirectory(atPath: out)) ?? []
        guard held.isEmpty || overwrite else {
            throw WorkError(
                what: "the folder is not empty", place: out,
                fix: "choose another --out, or pass --overwrite")
        }
        let demo = BaggageDemo(
            imageCount: images, size: pictureSize ?? Imaging.ImageSize(width: 320, height: 240),
            depth: BaggageDemo.Depth(rawValue: bitDepth) ?? .colored8, seed: UInt64(common.seed))
        let summary = try demo.write(to: out)
        let splits = ["train", "val", "test"].map { "\($0) \(summary.images[$0] ?? 0)" }
        let objects = summary.objects.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        CommandOutput.result(
            """
            \(out): \(splits.joined(separator: ", ")) images
            objects: \(objects.joined(separator: ", ")); \(summary.crowds) of them crowds
            """)
    }
}
