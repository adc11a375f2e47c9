import JSONText

/// Refuses settings of four stages that no network can be built from.
struct StageChecks {
    /// The name of the family in messages.
    let family: String

    /// Refuses a list that has not four numbers of a range.
    func four(_ values: [Double], _ key: String, _ range: ClosedRange<Double>) throws {
        guard values.count == 4, values.allSatisfy(range.contains) else {
            throw ConfigurationError(
                what: "\(family) has four stages; this is no list of four possible values",
                key: key,
                fix: "give four numbers from \(Int(range.lowerBound)) to \(Int(range.upperBound))")
        }
    }

    /// Refuses a number out of a range.
    func range(_ value: Int, _ key: String, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw ConfigurationError(
                what: "\(value) is out of range", key: key,
                fix: "use a number from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// Refuses an MLP without channels.
    func hidden(_ dims: [Int], _ ratios: [Double]) throws {
        for (dims, ratio) in zip(dims, ratios) where Int(Double(dims) * ratio) < 1 {
            throw ConfigurationError(
                what: "\(dims) channels times \(ratio) leave an MLP without channels",
                key: "mlp_ratios", fix: "use at least \(1 / Double(dims)) there")
        }
    }

    /// Refuses a kernel beside the attention that would change the map.
    func sideKernel(_ side: Int) throws {
        guard side == 0 || side % 2 == 1 && (1...63).contains(side) else {
            throw ConfigurationError(
                what: "a kernel of \(side) pixels has no middle", key: "side_dwconv",
                fix: "use an odd number up to 63, or 0 for none")
        }
    }

    /// Refuses more routes than there are regions.
    func topK(_ count: Int, windows: Int) throws {
        guard count <= windows * windows else {
            throw ConfigurationError(
                what: "\(count) of \(windows) x \(windows) regions cannot be chosen", key: "topks",
                fix: "use at most \(windows * windows)")
        }
    }

    /// Refuses channels that the 8 heads of full attention do not divide.
    func fullAttention(channels: Int, topK: Int) throws {
        guard topK == 0 || channels % FullAttention.heads == 0 else {
            throw ConfigurationError(
                what: "full attention has 8 heads, which do not divide \(channels) channels",
                key: "embed_dim", fix: "use a multiple of 8 in stages without regions")
        }
    }

    /// Refuses lists of downsampling that are not four long.
    func list(_ bins: [Int], _ ratios: [Int]) throws {
        for (values, key) in [(bins, "kv_per_wins"), (ratios, "kv_downsample_ratios")]
        where values.count != 4 {
            throw ConfigurationError(
                what: "\(family) has four stages; this is no list of four numbers", key: key,
                fix: "give one number a stage")
        }
    }
}
