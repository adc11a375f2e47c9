import KernelInterface

func warpKernels() -> WarpKernels {
    WarpKernels(
        warp: { source, stride, walk, colors, destination, count in
            if count < 1 { return }
            var x = walk[0]
            var y = walk[1]
            let dx = walk[2]
            let dy = walk[3]
            let red = loadColor(colors)
            let green = loadColor(colors + 4)
            let blue = loadColor(colors + 8)
            let offset = loadColor(colors + 12)
            let low = loadColor(colors + 16)
            let high = loadColor(colors + 20)
            var target = UnsafeMutableRawPointer(destination)
            var left = count
            while true {
                let packed = sampleBilinear(source, stride, x, y)
                var color = offset
                color.addProduct(red, SIMD4(repeating: lane(packed)))
                color.addProduct(green, SIMD4(repeating: lane(packed >> 20)))
                color.addProduct(blue, SIMD4(repeating: lane(packed >> 40)))
                color = color.replacing(with: low, where: color .< low)
                color = color.replacing(with: high, where: color .> high)
                left &-= 1
                if left == 0 {
                    // The fourth lane of the last pixel would lie outside the run.
                    let last = target.assumingMemoryBound(to: Float.self)
                    last[0] = color[0]
                    last[1] = color[1]
                    last[2] = color[2]
                    return
                }
                target.storeBytes(of: color, as: SIMD4<Float>.self)
                target += 12
                x &+= dx
                y &+= dy
            }
        },
        halve: { upper, lower, destination, count in
            var i = 0
            while i < count {
                let a = upper + 6 &* i
                let b = lower + 6 &* i
                let target = destination + 3 &* i
                target[0] = mean(a[0], a[3], b[0], b[3])
                target[1] = mean(a[1], a[4], b[1], b[4])
                target[2] = mean(a[2], a[5], b[2], b[5])
                i &+= 1
            }
        })
}

@inline(__always)
private func loadColor(_ source: UnsafePointer<Float>) -> SIMD4<Float> {
    UnsafeRawPointer(source).loadUnaligned(as: SIMD4<Float>.self)
}

@inline(__always)
private func mean(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> UInt8 {
    UInt8(truncatingIfNeeded: (UInt32(a) &+ UInt32(b) &+ UInt32(c) &+ UInt32(d) &+ 2) >> 2)
}

@inline(__always)
private func lane(_ packed: UInt64) -> Float {
    Float(Int32(truncatingIfNeeded: packed & 0xF_FFFF))
}

/// Red, green and blue at a position, each times 4096 in 20 bits, red lowest.
///
/// Four pixels are blended with weights of six bits an axis. One 64-bit word holds two
/// neighbours, so the rows are blended for all six samples at once, in two words of 16-bit lanes:
/// `t (64 - f) + b f = 64 t + (b - t) f` also holds lane by lane, because the sums fit their
/// lanes and the borrows of the difference cancel modulo `2^64`.
@inline(__always)
private func sampleBilinear(
    _ source: UnsafePointer<UInt8>, _ stride: Int, _ x: Int, _ y: Int
) -> UInt64 {
    let corner = UnsafeRawPointer(source) + ((y >> 24) &* stride &+ (x >> 24) &* 3)
    let top = corner.loadUnaligned(as: UInt64.self)
    let bottom = (corner + stride).loadUnaligned(as: UInt64.self)
    let fx = UInt64(truncatingIfNeeded: (x >> 18) & 63)
    let fy = UInt64(truncatingIfNeeded: (y >> 18) & 63)
    let mask: UInt64 = 0x00FF_00FF_00FF_00FF
    let evenTop = top & mask
    let oddTop = (top >> 8) & mask
    // even: red left, blue left, green right; odd: green left, red right, blue right.
    let even = (evenTop << 6) &+ ((bottom & mask) &- evenTop) &* fy
    let odd = (oddTop << 6) &+ (((bottom >> 8) & mask) &- oddTop) &* fy
    let redLeft = even & 0xFFFF
    let blueLeft = (even >> 16) & 0xFFFF
    let greenRight = (even >> 32) & 0xFFFF
    let greenLeft = odd & 0xFFFF
    let redRight = (odd >> 16) & 0xFFFF
    let blueRight = (odd >> 32) & 0xFFFF
    let left = redLeft | greenLeft << 20 | blueLeft << 40
    let right = redRight | greenRight << 20 | blueRight << 40
    return (left << 6) &+ (right &- left) &* fx
}
