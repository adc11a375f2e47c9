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
