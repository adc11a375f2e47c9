import Annotations
import Foundation
import Imaging
import Parallelism
import Tensors

/// Draws a set of X-ray pictures of baggage with boxes, polygons, masks and crowds.
///
/// Everything follows from the seed: picture `i` is the same whatever the number of pictures,
/// and the same for any number of threads.
public struct BaggageDemo: Sendable {
    /// What the picture files hold.
    public enum Depth: Int, Sendable, CaseIterable {
        /// Pseudo-coloured RGB of 8 bits, JPEG.
        case colored8 = 8
        /// What the detector measures, grey of 16 bits, PNG.
        case raw16 = 16
    }

    /// What is in a set once it is written.
    public struct Summary: Sendable {
        /// Images in train, val and test.
        public var images: [String: Int] = [:]
        /// Objects of each category over all splits, crowds included.
        public var objects: [String: Int] = [:]
        /// Crowd groups over all splits.
        public var crowds = 0
    }

    /// Number of pictures over all splits, at least 3.
    public var imageCount: Int
    /// Size of each picture in pixels, at least 64 by 64.
    public var size: ImageSize
    /// What the picture files hold.
    public var depth: Depth
    /// Decides everything that is random.
    public var seed: UInt64

    /// Describes a set.
    ///
    /// - Parameters:
    ///   - imageCount: Number of pictures over all splits.
    ///   - size: Size of each picture in pixels.
    ///   - depth: What the picture files hold.
    ///   - seed: Decides everything that is random.
    public init(
        imageCount: Int = 360, size: ImageSize = ImageSize(width: 320, height: 240),
        depth: Depth = .colored8, seed: UInt64 = 0
    ) {
        self.imageCount = imageCount
        self.size = size
        self.depth = depth
        self.seed = seed
    }

    /// Writes `images/` and `annotations/{train,val,test}.json` into a folder.
    ///
    /// - Parameter folder: Is made if it is not there; files of equal names are replaced.
    /// - Returns: What is in the set.
    /// - Throws: `ImageError` or the annotation writer's error when a file cannot be written,
    ///   Foundation's when a folder cannot be made.
    public func write(to folder: String) throws -> Summary {
        let root = URL(filePath: folder, directoryHint: .isDirectory)
        for name in ["images", "annotations"] {
            try FileManager.default.createDirectory(
                at: root.appending(path: name), withIntermediateDirectories: true)
        }
        let drawn = try drawAll(into: root.appending(path: "images"))
        var summary = Summary()
        var nextID: Int64 = 1
        for (name, range) in splits {
            let set = dataset(range, drawn, firstID: &nextID)
            let path = root.appending(path: "annotations/\(name).json").path(percentEncoded: false)
            try COCOWriter.write(set, to: path)
            summary.images[name] = range.count
        }
        for object in drawn.joined() {
            summary.objects[object.item.name, default: 0] += 1
            summary.crowds += object.isCrowd ? 1 : 0
        }
        return summary
    }

    /// 70, 15 and 15 of a hundred, none of them empty.
    private var splits: [(name: String, range: Range<Int>)] {
        let held = max(1, imageCount * 15 / 100)
        let train = imageCount - 2 * held
        return [
            ("train", 0..<train), ("val", train..<train + held),
            ("test", train + held..<imageCount),
        ]
    }

    private func fileName(_ index: Int) -> String {
        let digits = String(index + 1)
        let padding = String(repeating: "0", count: max(0, 4 - digits.count))
        return "bag_" + padding + digits + (depth == .colored8 ? ".jpg" : ".png")
    }

    private func drawAll(into folder: URL) throws -> [[BaggageObject]] {
        let results = DrawnPictures(count: imageCount)
        WorkerPool.shared.forEach(imageCount) { index in
            results.store(Result { try draw(index, into: folder) }, at: index)
        }
        return try results.values()
    }

    private func draw(_ index: Int, into folder: URL) throws -> [BaggageObject] {
        var random = RandomGenerator(seed: seed, stream: "baggage \(index)")
        let picture = try BaggagePicture(size: size, &random)
        let path = folder.appending(path: fileName(index)).path(percentEncoded: false)
        switch depth {
        case .colored8:
            try ImageEncoder.write(picture.scene.coloredImage(), to: path, .jpeg(quality: 85))
        case .raw16: try ImageEncoder.write(picture.scene.rawImage(), to: path, .png())
        }
        return picture.objects
    }

    private func dataset(
        _ range: Range<Int>, _ drawn: [[BaggageObject]], firstID: inout Int64
    ) -> COCODataset {
        var annotations: [COCOAnnotation] = []
        for index in range {
            for object in drawn[index] {
                annotations.append(
                    COCOAnnotation(
                        id: .number(firstID), imageID: .number(Int64(index + 1)),
                        categoryID: .number(Int64(object.item.rawValue)), box: object.box,
                        area: object.area, isCrowd: object.isCrowd,
                        segmentation: object.segmentation))
                firstID += 1
            }
        }
        let images = range.map { index in
            COCOImage(
                id: .number(Int64(index + 1)), fileName: fileName(index), width: size.width,
                height: size.height)
        }
        let categories = BaggageItem.allCases.map {
            COCOCategory(id: .number(Int64($0.rawValue)), name: $0.name)
        }
        return COCODataset(images: images, categories: categories, annotations: annotations)
    }
}

/// Results of pictures that are drawn on several threads, each at its own place.
private final class DrawnPictures: @unchecked Sendable {
    // Guarded by `lock`.
    private var results: [Result<[BaggageObject], any Error>?]
    private let lock = NSLock()

    init(count: Int) { results = Array(repeating: nil, count: count) }

    func store(_ result: Result<[BaggageObject], any Error>, at index: Int) {
        lock.withLock { results[index] = result }
    }

    func values() throws -> [[BaggageObject]] { try results.compactMap { try $0?.get() } }
}
