import Foundation
import Imaging
import Testing

/// What is expected of one file in one mode.
struct DecodeExpectation: Decodable, Sendable {
    var outcome: String
    var kind: String?
    var accepted_kinds: [String]?
    var warning_optional: Bool?
    var width: Int?
    var height: Int?
    var channels: Int?
    var bit_depth: Int?
    var mean: [Double]?
    var grid: [[[Double]]]?
    var mean_tolerance: Double?
    var grid_tolerance: Double?
    var sha256: String?
}

/// A file of `Tests/Goldens/decode` with what is expected of it.
struct DecodeGolden: Decodable, Sendable, CustomTestStringConvertible {
    var file: String
    var strict: DecodeExpectation
    var lenient: DecodeExpectation

    private enum Keys: String, CodingKey { case file, lenient }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        file = try container.decode(String.self, forKey: .file)
        strict = try DecodeExpectation(from: decoder)
        lenient = try container.decodeIfPresent(DecodeExpectation.self, forKey: .lenient) ?? strict
        // Other kinds are accepted for an error only.
        if lenient.outcome == "error" { lenient.accepted_kinds = strict.accepted_kinds }
    }

    var testDescription: String { file }
    var path: String { Self.folder.appending(path: file).path() }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Goldens/decode")

    static let all: [DecodeGolden] = {
        struct Manifest: Decodable { var entries: [DecodeGolden] }
        let content = try? Data(contentsOf: folder.appending(path: "manifest.json"))
        return content.flatMap { try? JSONDecoder().decode(Manifest.self, from: $0) }?.entries ?? []
    }()
}

@Suite struct DecodePolicyTests {
    @Test func goldensAreThere() { #expect(DecodeGolden.all.count > 90) }

    @Test(arguments: DecodeGolden.all) func strictModeFollowsThePolicy(golden: DecodeGolden) {
        check(golden, golden.strict, mode: .strict)
    }

    @Test(arguments: DecodeGolden.all) func lenientModeFollowsThePolicy(golden: DecodeGolden) {
        check(golden, golden.lenient, mode: .lenient)
    }

    @Test(arguments: DecodeGolden.all) func headerAgreesWithThePixels(golden: DecodeGolden) throws {
        guard golden.strict.outcome != "error" else { return }
        let size = try ImageDecoder.header(path: golden.path)
        #expect(size.width == golden.strict.width)
        #expect(size.height == golden.strict.height)
    }

    private func check(_ golden: DecodeGolden, _ wanted: DecodeExpectation, mode: DecodeMode) {
        guard wanted.outcome != "unspecified" else {
            _ = try? ImageDecoder.decode(path: golden.path, mode: mode)
            return
        }
        do {
            let decoded = try ImageDecoder.decode(path: golden.path, mode: mode)
            #expect(wanted.outcome != "error", "decoded, wanted \(wanted.kind ?? "")")
            if wanted.warning_optional != true {
                #expect(decoded.warnings.isEmpty == (wanted.outcome == "ok"))
            }
            compare(decoded.image, wanted)
        } catch {
            let accepted = [wanted.kind].compactMap(\.self) + (wanted.accepted_kinds ?? [])
            #expect(accepted.contains(error.kind.rawValue), "\(error)")
            #expect(!error.what.isEmpty && !error.fix.isEmpty && error.place == golden.path)
        }
    }

    private func compare(_ image: Image, _ wanted: DecodeExpectation) {
        guard wanted.outcome != "error" else { return }
        #expect(image.width == wanted.width && image.height == wanted.height)
        #expect(image.channels == wanted.channels && image.bitDepth == wanted.bit_depth)
        let summary = PixelSummary(of: image)
        if let digest = wanted.sha256 { #expect(summary.sha256 == digest) }
        if let mean = wanted.mean, let tolerance = wanted.mean_tolerance {
            #expect(zip(summary.mean, mean).allSatisfy { abs($0 - $1) <= tolerance })
        }
        if let grid = wanted.grid, let tolerance = wanted.grid_tolerance {
            let ours = summary.grid.joined().joined()
            #expect(zip(ours, grid.joined().joined()).allSatisfy { abs($0 - $1) <= tolerance })
        }
    }
}
