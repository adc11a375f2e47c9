import KernelInterface

let convolutionKernels = ConvolutionKernels(gatherPatches: gatherPatchRows)

/// Copies rows of the patch matrix, row of pixels by row of pixels.
@Sendable
func gatherPatchRows(
    _ images: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>,
    _ geometry: PatchGeometry, _ rows: PatchRows
) {
    if rows.count == 0 { return }
    let perImage = geometry.outputHeight &* geometry.outputWidth
    var image = rows.first / perImage
    let inImage = rows.first &- image &* perImage
    var y = inImage / geometry.outputWidth
    var x = inImage &- y &* geometry.outputWidth
    let imageSize = geometry.height &* geometry.width &* geometry.channels
    var to = destination
    var row = 0
    while row < rows.count {
        gatherPatch(
            images + image &* imageSize, to, geometry, y &* geometry.step &+ geometry.top,
            x &* geometry.step &+ geometry.left)
        to += rows.stride
        row &+= 1
        x &+= 1
        if x == geometry.outputWidth {
            x = 0
            y &+= 1
            if y == geometry.outputHeight {
                y = 0
                image &+= 1
            }
        }
    }
}

/// Copies one patch: each of its rows is a contiguous run, cut at the borders of the image.
@inline(__always)
func gatherPatch(
    _ image: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>,
    _ geometry: PatchGeometry, _ top: Int, _ left: Int
) {
    let channels = geometry.channels
    let run = geometry.columnTaps &* channels
    let right = left &+ geometry.columnTaps
    let first = left < 0 ? 0 : left
    let last = right > geometry.width ? geometry.width : right
    var to = destination
    var tap = 0
    while tap < geometry.rowTaps {
        let y = top &+ tap
        if y < 0 || y >= geometry.height || first >= last {
            fillZero(to, run)
        } else {
            let source = image + (y &* geometry.width &+ first) &* channels
            fillZero(to, (first &- left) &* channels)
            copyFloats(source, to + (first &- left) &* channels, (last &- first) &* channels)
            fillZero(to + (last &- left) &* channels, (right &- last) &* channels)
        }
        to += run
        tap &+= 1
    }
}

/// Writes `count` zeros.
@inline(__always)
func fillZero(_ destination: UnsafeMutablePointer<Float>, _ count: Int) {
    var i = 0
    while i &+ Vector.scalarCount <= count {
        store(Vector(repeating: 0), destination + i)
        i &+= Vector.scalarCount
    }
    if i < count { storePartial(Vector(repeating: 0), destination + i, count &- i) }
}

/// Copies `count` floats.
@inline(__always)
func copyFloats(
    _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>, _ count: Int
) {
    var i = 0
    while i &+ Vector.scalarCount <= count {
        store(load(source + i), destination + i)
        i &+= Vector.scalarCount
    }
    if i < count {
        storePartial(loadPartial(source + i, count &- i), destination + i, count &- i)
    }
}
