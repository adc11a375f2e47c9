import Annotations
import Datasets
import Foundation
import Imaging
import JSONText

/// Predicts many images and writes results, overlays and a summary.
public struct FolderPrediction {
    /// What is kept of a prediction.
    public enum Part: String, Sendable, CaseIterable {
        /// Pictures with boxes.
        case overlays
        /// `predictions.json`.
        case json
        /// Masks of instances or classes; detectors of boxes have none.
        case masks
        /// Each detection cut out.
        case crops
    }

    /// How a prediction is made and kept.
    public struct Options: Sendable {
        /// Least score that is kept.
        public var score: Float = 0.3
        /// Most detections of an image.
        public var maxDetections = 100
        /// What is kept.
        public var parts: Set<Part> = [.overlays, .json]
        /// Whether the first unreadable image ends the work.
        public var isStrict = false
        /// Threads that decode ahead.
        public var workers = 1

        /// The defaults.
        public init() {}
    }

    /// Where results go.
    public struct Output: Sendable {
        let path: String
        let overwrites: Bool

        /// Names a folder.
        ///
        /// - Parameters:
        ///   - path: The folder.
        ///   - overwrites: Whether earlier results there are replaced.
        public init(path: String, overwrites: Bool) {
            self.path = path
            self.overwrites = overwrites
        }
    }

    /// What came of a prediction.
    public struct Summary: Sendable {
        /// Images that were predicted.
        public internal(set) var images = 0
        /// Detections that were kept.
        public internal(set) var detections = 0
        /// Images that could not be read.
        public internal(set) var unreadable = 0
        /// Seconds of all of it.
        public internal(set) var seconds = 0.0
    }

    /// An image with the id that results refer to.
    public struct Entry: Sendable {
        let image: InputImage
        let id: COCOIdentifier

        /// Makes an entry.
        ///
        /// - Parameters:
        ///   - image: The image.
        ///   - id: The id that results refer to.
        public init(image: InputImage, id: COCOIdentifier) {
            self.image = image
            self.id = id
        }
    }

    private let predictor: DetectionPredictor
    private let options: Options
    private let warnings: Warnings
    private var summary = Summary()
    private var results: [COCODetection] = []
    private var listed: [COCOImage] = []

    private init(_ predictor: DetectionPredictor, _ options: Options, _ warnings: Warnings) {
        self.predictor = predictor
        self.options = options
        self.warnings = warnings
    }

    /// Predicts all images of a list.
    ///
    /// - Parameters:
    ///   - entries: The images in order.
    ///   - trained: The detector.
    ///   - output: The folder; made here.
    ///   - options: How it is made and kept.
    ///   - warnings: Collects unreadable images and other oddities.
    /// - Returns: Counts.
    /// - Throws: `WorkError` when the folder cannot be used, or at the first unreadable
    ///   image if asked so.
    public static func run(
        _ entries: [Entry], with trained: TrainedDetector,
        into output: Output, options: Options, warnings: Warnings
    ) throws -> Summary {
        var run = FolderPrediction(DetectionPredictor(trained), options, warnings)
        let folder = try PredictionFolder(output.path, overwrites: output.overwrites)
        let clock = ContinuousClock()
        let began = clock.now
        for entry in entries { try run.predict(entry, into: folder) }
        let elapsed = (clock.now - began).components
        run.summary.seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
        try run.finish(folder)
        return run.summary
    }

    private mutating func predict(_ entry: Entry, into folder: PredictionFolder) throws {
        // The same reading as in evaluation, so that both give the same numbers.
        let preprocessing = predictor.trained.preprocessing
        let decoded: DecodedImage
        let image: Image?
        do {
            decoded = try preprocessing.decoded(path: entry.image.path)
            image = drawsPictures ? try fullImage(decoded, entry.image.path) : nil
        } catch {
            try skip(entry, error)
            return
        }
        let input = preprocessing.input(decoded)
        let found = predictor(input)
            .filter { $0.score >= options.score }.prefix(options.maxDetections)
        summary.images += 1
        summary.detections += found.count
        results += predictor.entries(Array(found), imageID: entry.id)
        listed.append(
            COCOImage(
                id: entry.id, fileName: entry.image.name, width: input.originalSize.width,
                height: input.originalSize.height))
        guard let image else { return }
        if options.parts.contains(.overlays) {
            var overlay = Overlay(image)
            overlay.draw(Array(found), classes: predictor.trained.classes)
            try folder.write(overlay.image, part: "overlays", name: entry.image.name)
        }
        if options.parts.contains(.crops) {
            try writeCrops(Array(found), image, entry, folder)
        }
    }

    /// What pictures are drawn on.
    ///
    /// A JPEG that was reduced while decoding is decoded again: the network cannot take the full
    /// size instead, since its reduction has other samples and so would give other predictions.
    private func fullImage(
        _ decoded: DecodedImage, _ path: String
    ) throws(ImageError) -> Image {
        decoded.image.size == decoded.fullSize
            ? decoded.image : try ImageDecoder.decode(path: path).image
    }

    private var drawsPictures: Bool {
        options.parts.contains(.overlays) || options.parts.contains(.crops)
    }

    private mutating func skip(_ entry: Entry, _ error: ImageError) throws {
        if options.isStrict {
            throw WorkError(
                what: error.what, place: entry.image.path, fix: error.fix, exitCode: 1)
        }
        summary.unreadable += 1
        warnings.add(
            Warning(
                kind: "image-undecodable", what: error.what, place: entry.image.path,
                fix: "it is skipped; " + error.fix))
    }

    private func writeCrops(
        _ found: [DetectionPredictor.Found], _ image: Image, _ entry: Entry,
        _ folder: PredictionFolder
    ) throws {
        for (index, object) in found.enumerated() {
            let left = max(0, Int(object.box.x0.rounded(.down)))
            let top = max(0, Int(object.box.y0.rounded(.down)))
            let right = min(image.width, Int(object.box.x1.rounded(.up)))
            let bottom = min(image.height, Int(object.box.y1.rounded(.up)))
            guard right > left, bottom > top else { continue }
            let crop = image.toRGB8().cropped(
                to: PixelRect(x: left, y: top, width: right - left, height: bottom - top))
            let name = predictor.trained.classes.names[object.label]
                .replacingOccurrences(of: "/", with: "_")
            try folder.write(
                crop, part: "crops", name: entry.image.name + "/\(index + 1)_\(name).png")
        }
    }

    private func finish(_ folder: PredictionFolder) throws {
        if options.parts.contains(.json) {
            try COCOWriter.write(results, to: folder.path + "/predictions.json")
        }
        try COCOWriter.write(listed, to: folder.path + "/images.json")
        var object = JSONObject()
        object["images"] = JSONValue(.integer(Int64(summary.images)))
        object["detections"] = JSONValue(.integer(Int64(summary.detections)))
        object["unreadable"] = JSONValue(.integer(Int64(summary.unreadable)))
        object["seconds"] = JSONValue(.double(summary.seconds))
        object["score_threshold"] = JSONValue(.double(Double(options.score)))
        try folder.write(JSONValue(.object(object)), name: "summary.json")
    }
}
