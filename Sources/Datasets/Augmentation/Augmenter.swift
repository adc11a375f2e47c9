import Foundation
import Imaging
import Tensors

/// Draws augmentations: every random number comes from the generator that is passed in.
struct Augmenter {
    let configuration: AugmentationConfiguration
    /// Size of the input.
    let size: ImageSize

    /// Augments one image.
    ///
    /// - Parameters:
    ///   - layer: The image; its map is replaced.
    ///   - random: State of the sample's own stream.
    /// - Returns: A sample of the input's size.
    func single(_ layer: Sample.Layer, _ random: inout RandomGenerator) -> Sample {
        var layer = layer
        let isCrop = random.uniformDouble() < configuration.crop
        layer.map =
            isCrop
            ? cropMap(layer.pixels.originalSize, &random)
            : Letterbox(layer.pixels.originalSize, into: size).map
        var sample = Sample(size: size, layers: [layer])
        sample.transform(by: geometry(from: size, resizing: !isCrop, &random), to: size)
        sample.colorChange = colors(&random)
        return sample
    }

    /// Augments four images as one mosaic.
    ///
    /// The canvas has twice the sides of the input. The images meet in a point drawn from its
    /// middle half, each fitted to the input's size, and the middle of the canvas becomes the
    /// input, under the same changes as a single image. (Bochkovskiy et al. 2020, section 3.3;
    /// placement as in Ultralytics.)
    ///
    /// - Parameters:
    ///   - layers: Four images, the first of which names the sample; their maps are replaced.
    ///   - random: State of the sample's own stream.
    /// - Returns: A sample of the input's size.
    func mosaic(_ layers: [Sample.Layer], _ random: inout RandomGenerator) -> Sample {
        let canvas = ImageSize(width: size.width * 2, height: size.height * 2)
        let meeting = PixelPoint(
            x: Double(size.width) * (0.5 + random.uniformDouble()),
            y: Double(size.height) * (0.5 + random.uniformDouble()))
        let turn = random.integer(below: 4)
        var layers = layers
        for index in layers.indices {
            let fitted = Letterbox(
                layers[index].pixels.originalSize, into: size, alignment: .topLeft)
            let quadrant = (index + turn) % 4
            layers[index].map = fitted.map.then(
                .shift(
                    x: meeting.x - (quadrant % 2 == 0 ? Double(fitted.scaled.width) : 0),
                    y: meeting.y - (quadrant / 2 == 0 ? Double(fitted.scaled.height) : 0)))
        }
        var sample = Sample(size: canvas, layers: layers)
        sample.transform(by: geometry(from: canvas, resizing: true, &random), to: size)
        sample.colorChange = colors(&random)
        return sample
    }

    /// A random window of the image, of the image's own aspect, in the middle of the input.
    private func cropMap(_ original: ImageSize, _ random: inout RandomGenerator) -> AffineMap {
        let side = draw(configuration.cropArea, &random).squareRoot()
        let left = (1 - side) * random.uniformDouble() * Double(original.width)
        let top = (1 - side) * random.uniformDouble() * Double(original.height)
        let window = ImageSize(
            width: max(1, Int(Double(original.width) * side)),
            height: max(1, Int(Double(original.height) * side)))
        return AffineMap.shift(x: -left, y: -top).then(Letterbox(window, into: size).map)
    }

    /// Shear, turn, size, mirror and shift about the middle of the canvas, as one map.
    private func geometry(
        from canvas: ImageSize, resizing: Bool, _ random: inout RandomGenerator
    ) -> AffineMap {
        let degrees = Double.pi / 180
        let shearX = tan(draw(configuration.shear * degrees, &random))
        let shearY = tan(draw(configuration.shear * degrees, &random))
        let angle = draw(configuration.rotation * degrees, &random) + quarterTurns(&random)
        let scale = draw(configuration.scale, &random)
        let aspect = draw(configuration.aspect, &random).squareRoot()
        let isMirrored = random.uniformDouble() < configuration.horizontalFlip
        let isFlipped = random.uniformDouble() < configuration.verticalFlip
        let shift = [
            draw(configuration.translation, &random), draw(configuration.translation, &random),
        ].map { resizing ? $0 : 0 }
        let extent = resizing ? scale : 1
        return AffineMap.shift(x: -Double(canvas.width) / 2, y: -Double(canvas.height) / 2)
            .then(AffineMap(xx: 1, xy: shearX, dx: 0, yx: shearY, yy: 1, dy: 0))
            .then(.rotation(angle))
            .then(
                .scale(
                    x: extent * aspect * (isMirrored ? -1 : 1),
                    y: extent / aspect * (isFlipped ? -1 : 1),
                    dx: (0.5 + shift[0]) * Double(size.width),
                    dy: (0.5 + shift[1]) * Double(size.height)))
    }

    private func quarterTurns(_ random: inout RandomGenerator) -> Double {
        let isTurned = random.uniformDouble() < configuration.quarterTurn
        let turns = 1 + random.integer(below: 3)
        return isTurned ? Double(turns) * .pi / 2 : 0
    }

    private func colors(_ random: inout RandomGenerator) -> ColorChange {
        var jitter = ColorChange()
        jitter.brightness = 1 + draw(configuration.brightness, &random)
        jitter.contrast = 1 + draw(configuration.contrast, &random)
        jitter.saturation = 1 + draw(configuration.saturation, &random)
        jitter.hue = draw(configuration.hue, &random)
        return jitter
    }

    /// A number between two bounds.
    private func draw(_ bounds: [Double], _ random: inout RandomGenerator) -> Double {
        bounds[0] + (bounds[1] - bounds[0]) * random.uniformDouble()
    }

    /// A number between minus and plus a bound.
    private func draw(_ bound: Double, _ random: inout RandomGenerator) -> Double {
        bound * (2 * random.uniformDouble() - 1)
    }
}
