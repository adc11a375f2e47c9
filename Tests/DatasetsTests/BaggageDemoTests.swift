import Annotations
import Datasets
import Foundation
import Imaging
import Testing

@Suite struct BaggageDemoTests {
    /// The part of an annotation that the tests look at.
    struct Entry: Decodable {
        var id: Int
        var image_id: Int
        var category_id: Int
        var bbox: [Double]
        var area: Double
        var iscrowd: Int
        var segmentation: Segmentation

        var box: [Double] { [bbox[0], bbox[1], bbox[0] + bbox[2], bbox[1] + bbox[3]] }
    }

    enum Segmentation: Decodable {
        case polygons([[Double]])
        case runLengths(String)

        private enum Keys: CodingKey { case counts }

        init(from decoder: any Decoder) throws {
            if let polygons = try? decoder.singleValueContainer().decode([[Double]].self) {
                self = .polygons(polygons)
            } else {
                let container = try decoder.container(keyedBy: Keys.self)
                self = .runLengths(try container.decode(String.self, forKey: .counts))
            }
        }
    }

    struct File: Decodable {
        struct Picture: Decodable {
            var id: Int
            var file_name: String
        }
        struct Category: Decodable { var name: String }
        var images: [Picture]
        var categories: [Category]
        var annotations: [Entry]
    }

    private func withDemo(_ demo: BaggageDemo, _ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "demo-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        _ = try demo.write(to: folder.path())
        try body(folder)
    }

    private func read(_ split: String, _ folder: URL) throws -> File {
        let path = folder.appending(path: "annotations/\(split).json")
        return try JSONDecoder().decode(File.self, from: Data(contentsOf: path))
    }

    @Test func splitsShareNothingAndObjectsLieInside() throws {
        let demo = BaggageDemo(imageCount: 60, size: ImageSize(width: 160, height: 120))
        try withDemo(demo, checkSet)
    }

    private func checkSet(_ folder: URL) throws {
        let files = try ["train", "val", "test"].map { try read($0, folder) }
        #expect(files.map(\.images.count) == [42, 9, 9])
        let images = files.flatMap(\.images)
        #expect(Set(images.map(\.id)).count == 60)
        let objects = files.flatMap(\.annotations)
        #expect(Set(objects.map(\.id)).count == objects.count)
        #expect(Set(objects.map(\.category_id)) == [1, 2, 3, 4, 5])
        #expect(objects.contains { $0.iscrowd == 1 })
        #expect(Set(objects.map(\.image_id)).count < 60)
        for object in objects { try check(object) }
        for picture in images {
            let path = folder.appending(path: "images/\(picture.file_name)").path()
            #expect(try ImageDecoder.header(path: path) == ImageSize(width: 160, height: 120))
        }
        let names = files.map { $0.categories.map(\.name) }
        #expect(Set(names) == [["knife", "pistol", "bottle", "scissors", "wrench"]])
    }

    private func check(_ object: Entry) throws {
        #expect(object.box[0] >= 0 && object.box[1] >= 0)
        #expect(object.box[2] <= 160 && object.box[3] <= 120)
        #expect(object.area > 20 && object.area <= object.bbox[2] * object.bbox[3] + 1)
        switch object.segmentation {
        case .polygons(let polygons):
            #expect(object.iscrowd == 0)
            for polygon in polygons {
                for (index, value) in polygon.enumerated() {
                    // Corners are rounded to hundredths of a pixel.
                    #expect(value >= object.box[index % 2] - 0.011)
                    #expect(value <= object.box[index % 2 + 2] + 0.011)
                }
            }
        case .runLengths(let text):
            let mask = try RunLengthMask(height: 120, width: 160, text: text)
            #expect(Double(mask.area) == object.area)
            #expect([mask.box.x, mask.box.y, mask.box.width, mask.box.height] == object.bbox)
        }
    }

    @Test func picturesFollowFromSeedAndNumberAlone() throws {
        let size = ImageSize(width: 96, height: 72)
        func bytes(_ count: Int, seed: UInt64) throws -> Data {
            var content = Data()
            try withDemo(BaggageDemo(imageCount: count, size: size, seed: seed)) { folder in
                content = try Data(contentsOf: folder.appending(path: "images/bag_0003.jpg"))
            }
            return content
        }
        let first = try bytes(3, seed: 5)
        #expect(try bytes(9, seed: 5) == first)
        #expect(try bytes(3, seed: 6) != first)
    }

    @Test func theShippedSetIsWhatItsCommandDraws() throws {
        let shipped = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Data/demo").standardizedFileURL
        func entries(_ folder: URL) throws -> [String] {
            try read("train", folder).annotations.filter { $0.image_id == 1 }
                .map { "\($0.category_id) \($0.bbox) \($0.area) \($0.segmentation)" }
        }
        try withDemo(BaggageDemo(imageCount: 3, seed: 0)) { folder in
            #expect(try entries(folder) == entries(shipped))
            let pictures = try [folder, shipped].map {
                try ImageDecoder.decode(path: $0.appending(path: "images/bag_0001.jpg").path())
                    .image.toRGB8()
            }
            guard case .bytes(let drawn) = pictures[0].storage,
                case .bytes(let kept) = pictures[1].storage
            else { return }
            // Encoders of other versions may round a coefficient differently.
            let largest = zip(drawn, kept).map { abs(Int($0) - Int($1)) }.max() ?? 0
            #expect(drawn.count == kept.count && largest <= 4)
        }
    }

    @Test func rawPicturesHaveSixteenBits() throws {
        let demo = BaggageDemo(
            imageCount: 3, size: ImageSize(width: 96, height: 72), depth: .raw16)
        try withDemo(demo) { folder in
            let path = folder.appending(path: "images/bag_0001.png").path()
            let image = try ImageDecoder.decode(path: path).image
            #expect(image.bitDepth == 16 && image.channels == 1)
            guard case .words(let words) = image.storage else { return }
            // Unhindered rays give 60,000 counts; steel leaves a fraction of them.
            #expect((words.max() ?? 0) > 58_000 && (words.min() ?? 0) < 30_000)
        }
    }
}
