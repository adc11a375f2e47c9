/// Values of a tensor from its name alone, to compare large models without their weights.
///
/// FNV-1a of the name seeds splitmix64, whose element `i` gives a uniform `u` in [-1, 1); the
/// kind of the tensor, told from name and shape, scales it. Two programs that follow the rules
/// have the same weights without a file.
public enum FormulaFill {
    /// Computes the tensor of a name.
    ///
    /// The rules, the first match wins: a name ending in `num_batches_tracked` 0; in
    /// `running_var` `1 + u / 2`; in `running_mean` `u / 10`; beginning with `input`
    /// `sqrt(3) u`; with `cotangent` `u`; one axis or none, ending in `weight` `1 + u / 5`; one
    /// axis or none `u / 10`; else `sqrt(3 / fanIn) u`, `fanIn` being all axes but the first.
    ///
    /// - Parameters:
    ///   - name: The state-dict name.
    ///   - shape: The shape in files.
    /// - Returns: All elements, row-major, rounded once to 32 bits.
    public static func values(_ name: String, _ shape: [Int]) -> [Float] {
        let count = shape.reduce(1, *)
        let rule = Rule(name, shape, count: count)
        let seed = hash(name)
        return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in 0..<count {
                let u = uniform(seed, index)
                buffer.initializeElement(at: index, to: Float(rule.offset + rule.scale * u))
            }
            initialized = count
        }
    }

    /// What turns a uniform number into an element: `offset + scale * u`.
    private struct Rule {
        var offset = 0.0
        var scale: Double

        init(_ name: String, _ shape: [Int], count: Int) {
            if name.hasSuffix("num_batches_tracked") {
                scale = 0
            } else if name.hasSuffix("running_var") {
                (offset, scale) = (1, 0.5)
            } else if name.hasSuffix("running_mean") {
                scale = 0.1
            } else if name.hasPrefix("input") {
                scale = 3.0.squareRoot()
            } else if name.hasPrefix("cotangent") {
                scale = 1
            } else if shape.count > 1 {
                scale = (3 / Double(max(1, count / max(1, shape[0])))).squareRoot()
            } else if name.hasSuffix("weight") {
                (offset, scale) = (1, 0.2)
            } else {
                scale = 0.1
            }
        }
    }

    /// 64-bit FNV-1a.
    private static func hash(_ name: String) -> UInt64 {
        name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// Element `index` of splitmix64 from a seed, in [-1, 1).
    private static func uniform(_ seed: UInt64, _ index: Int) -> Double {
        var z = seed &+ (UInt64(index) &+ 1) &* 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        z ^= z >> 31
        return Double(z >> 11) * 0x1p-52 - 1
    }
}
