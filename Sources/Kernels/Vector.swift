import CMachine

#if KERNELS_V4
    /// The vector of this copy: sixteen floats with AVX-512.
    typealias Vector = SIMD16<Float>
#else
    /// The vector of this copy: eight floats with AVX2.
    typealias Vector = SIMD8<Float>
#endif

/// Reads a vector from memory of any alignment.
@inline(__always)
func load(_ source: UnsafePointer<Float>) -> Vector {
    UnsafeRawPointer(source).loadUnaligned(as: Vector.self)
}

/// Writes a vector to memory of any alignment.
@inline(__always)
func store(_ value: Vector, _ destination: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(destination).storeBytes(of: value, as: Vector.self)
}

// The machine masks lanes; written in Swift, the loop over lanes took a product with partial
// vectors three times as long.

/// Reads the first `count` lanes from memory, the others are 0.
@inline(__always)
func loadPartial(_ source: UnsafePointer<Float>, _ count: Int) -> Vector {
    #if KERNELS_V4
        cm_load_sixteen(source, count)
    #else
        cm_load_eight(source, count)
    #endif
}

/// Writes the first `count` lanes to memory.
@inline(__always)
func storePartial(_ value: Vector, _ destination: UnsafeMutablePointer<Float>, _ count: Int) {
    #if KERNELS_V4
        cm_store_sixteen(value, destination, count)
    #else
        cm_store_eight(value, destination, count)
    #endif
}

/// Reads the first `count` lanes, all of them where `count` is larger; the rest is 0.
@inline(__always)
func loadPart(_ source: UnsafePointer<Float>, _ count: Int) -> Vector {
    count >= Vector.scalarCount ? load(source) : loadPartial(source, count)
}

/// Writes the first `count` lanes, all of them where `count` is larger.
@inline(__always)
func storePart(_ value: Vector, _ destination: UnsafeMutablePointer<Float>, _ count: Int) {
    if count >= Vector.scalarCount {
        store(value, destination)
    } else {
        storePartial(value, destination, count)
    }
}
