import Annotations
import Foundation
import Imaging
import TestSupport

@testable import Datasets

extension TemporaryFolder {
    func write(_ image: Image, _ name: String) throws {
        try ImageEncoder.write(image, to: path + "/" + name, .png(level: 1))
    }

    func write(_ text: String, _ name: String) throws {
        try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
    }
}

/// A dark picture with a bright red rectangle, and where the rectangle is.
struct RectanglePicture {
    let image: Image
    let rect: PixelRect

    init(width: Int = 200, height: Int = 150, rect: PixelRect) {
        self.rect = rect
        var canvas = Canvas(Image(width: width, height: height, color: .black))
        canvas.fill(rect, RGBColor(255, 0, 0))
        image = canvas.image
    }

    var box: BoxXYXY {
        BoxXYXY(
            x0: Float(rect.x), y0: Float(rect.y), x1: Float(rect.x + rect.width),
            y1: Float(rect.y + rect.height))
    }

    func layer(label: Int = 0) -> Sample.Layer {
        Sample.Layer(
            imageID: .number(1), pixels: ImagePyramid(image), map: .identity,
            objects: [DetectionObject(box: box, label: label, annotationID: .number(9))])
    }
}

/// A small set on disk: pictures with one rectangle each, image ids 1, 2, ...
struct SmallSet {
    let folder: TemporaryFolder
    var dataset: COCODataset

    init(imageCount: Int, width: Int = 96, height: Int = 64) throws {
        folder = try TemporaryFolder()
        dataset = COCODataset(
            images: [], categories: [COCOCategory(id: .number(5), name: "rectangle")],
            annotations: [])
        for index in 0..<imageCount {
            let rect = PixelRect(x: 10 + index % 7, y: 8 + index % 5, width: 40, height: 30)
            let picture = RectanglePicture(width: width, height: height, rect: rect)
            try folder.write(picture.image, "\(index).png")
            let id = COCOIdentifier.number(Int64(index + 1))
            dataset.images.append(
                COCOImage(id: id, fileName: "\(index).png", width: width, height: height))
            dataset.annotations?.append(Self.annotation(index + 1, in: id, picture.box.xywh))
        }
    }

    static func annotation(
        _ id: Int, in image: COCOIdentifier, _ box: BoxXYWH
    ) -> COCOAnnotation {
        COCOAnnotation(
            id: .number(Int64(id)), imageID: image, categoryID: .number(5), box: box,
            area: box.width * box.height)
    }

    mutating func makeCrowds(of indices: Range<Int>) {
        for index in indices { dataset.annotations?[index].isCrowd = true }
    }

    func load(
        _ policy: BadImagePolicy = .drop, use: DetectionSet.Use = .training
    ) throws -> DetectionSet {
        try DetectionSet(
            dataset,
            from: .init(
                annotationFile: "train.json", imageFolder: folder.path, onBadImage: policy),
            classes: ClassTable(dataset.categories), use: use)
    }
}

extension Preprocessing {
    /// Inputs of one size whose values are samples from 0 to 1, black where no image is.
    static func plain(_ width: Int, _ height: Int) -> Preprocessing {
        var preprocessing = Preprocessing()
        preprocessing.width = width
        preprocessing.height = height
        preprocessing.sizeRule = .fixed
        preprocessing.padValue = 0
        preprocessing.mean = [0, 0, 0]
        preprocessing.std = [1, 1, 1]
        return preprocessing
    }
}
