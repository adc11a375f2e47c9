import JSONText
import Layers

/// The settings of a BEVANet, under the authors' constructor names, and the published variants.
public struct BEVANetConfiguration: BackboneConfiguration {
    /// The kind of large kernel.
    public var lka = LargeKernel.sdlska
    /// Sides of the semantic branch's large kernels in layers 3, 4 and 5; 0 for residual blocks.
    public var semanticKernelSize = [0, 35, 35]
    /// Sides of the detail branch's large kernels in layers 3 and 4; 0 for residual blocks.
    public var detailKernelSize = [0, 23]
    /// Hidden channels of the MLPs in layers 3, 4 and 5 as a multiple of their channels.
    public var mlpExpand = [4.0, 4, 4]
    /// Residual blocks of layer 1, layer 2 and the semantic layers 3, 4 and 5.
    ///
    /// The first number is also that of the detail layer 3, the second that of the detail layer 4.
    public var nBlocks = [2, 2, 3, 3, 2]
    /// Channels of the stem, `c`; the other maps have multiples of it.
    public var planes = 32
    /// Channels before the classifier's mean; without meaning in the other forms.
    public var lastPlanes = 2048
    /// Stochastic depth of every attention block, 0 inclusive to 1 exclusive.
    public var dropPathRate = 0.0
    /// Number of classes of the segmentation network or the classifier; nil for the backbone alone.
    public var numClasses: Int?
    /// The pyramid of the segmentation network; nil for the classifier or the backbone alone.
    public var ppm: PyramidPooling?
    /// The fusion of the segmentation network.
    public var fb = BoundaryFusion.bgaf
    /// Channels of each scale of the pyramid.
    public var ppmPlanes = 96
    /// Hidden channels of the segmentation heads.
    public var headPlanes = 128
    /// Whether the segmentation network has the heads for classes and boundary of training.
    public var segAugment = true

    /// The settings of BEVANet-S without a head.
    public init() {}

    /// BEVANet-S: 15.2 million parameters as a segmentation network of 19 classes, 16.3 million
    /// as a classifier of 1000.
    public static let small = BEVANetConfiguration()
    /// BEVANet: 58.8 and 57.4 million parameters.
    public static let base: BEVANetConfiguration = {
        var settings = BEVANetConfiguration()
        settings.planes = 64
        settings.nBlocks = [2, 2, 4, 4, 2]
        return settings
    }()

    /// The segmentation network as published: pyramid DLKPPM, fusion BGAF.
    ///
    /// - Parameter classes: Number of classes.
    /// - Returns: These settings with a head.
    public func segmenting(classes: Int) -> BEVANetConfiguration {
        var settings = self
        settings.numClasses = classes
        settings.ppm = .dlkppm
        return settings
    }

    /// Without the heads for classes and boundary of training.
    public var withoutTrainingHeads: BEVANetConfiguration {
        var settings = self
        settings.segAugment = false
        return settings
    }

    /// The layers that the segmentation network or the classifier has beside the backbone.
    public static let namesOfOneForm = [
        "layer5_down_semantic_", "layer5_semantic_", "norm5_semantic_", "layer5_detail_boundary.",
        "layer5_down.", "last_layer.", "spp.", "dfm.", "seghead_ds.", "seghead_db.", "head.",
    ]

    /// What the attention blocks of a layer are built from.
    ///
    /// - Parameters:
    ///   - layer: 0 for layer 3, and so on.
    ///   - sizes: The sides of a branch's large kernels.
    /// - Returns: The settings; nil where the layer has residual blocks.
    func attention(_ layer: Int, _ sizes: [Int]) -> BEVANet.AttentionSettings? {
        guard sizes[layer] != 0 else { return nil }
        return BEVANet.AttentionSettings(
            kind: lka, size: sizes[layer], expansion: mlpExpand[layer],
            dropPathRate: Float(dropPathRate))
    }

    /// Refuses values that no network can be built from.
    ///
    /// - Throws: `ConfigurationError` that names the key.
    public func validate() throws {
        try checkKernels(semanticKernelSize, "semantic_kernel_size", count: 3)
        try checkKernels(detailKernelSize, "detail_kernel_size", count: 2)
        try check(nBlocks.count == 5 && nBlocks.allSatisfy { (1...1000).contains($0) }, "n_blocks")
        {
            ("these are not the blocks of five layers", "give five numbers from 1 to 1000")
        }
        try check(
            mlpExpand.count == 3 && mlpExpand.allSatisfy { $0 > 0 && $0 <= 64 }, "mlp_expand"
        ) { ("these are not the expansions of three layers", "give three numbers up to 64") }
        try check((1...4096).contains(planes), "planes") {
            ("a stem of \(planes) channels is impossible", "use 1 to 4096")
        }
        // The narrowest MLP of each layer: that of the detail branch in layers 3 and 4.
        for (expand, narrowest) in zip(mlpExpand, [2, 2, 16])
        where Int(Double(narrowest * planes) * expand) < 1 {
            throw ConfigurationError(
                what: "an expansion of \(expand) leaves an MLP without channels",
                key: "mlp_expand", fix: "use at least \(1 / Double(narrowest * planes)) there")
        }
        try check((1...65536).contains(lastPlanes), "last_planes") {
            ("\(lastPlanes) channels before the mean are impossible", "use 1 to 65536")
        }
        try checkDepthRateAndClasses()
        try checkHead()
    }

    /// Refuses a head that cannot be built.
    private func checkHead() throws {
        try check((1...65536).contains(ppmPlanes), "ppm_planes") {
            ("a pyramid of \(ppmPlanes) channels is impossible", "use 1 to 65536")
        }
        try check((1...65536).contains(headPlanes), "head_planes") {
            ("a head of \(headPlanes) channels is impossible", "use 1 to 65536")
        }
        try check(ppm == nil || numClasses != nil, "ppm") {
            ("a segmentation network needs its classes", "give their number as \"num_classes\"")
        }
        try check(
            ppm != nil || numClasses == nil || semanticKernelSize[2] != 0,
            "semantic_kernel_size[2]"
        ) {
            (
                "the classifier's last layer is made of attention blocks",
                "use one of \(lka.sizes), or leave \"num_classes\" out"
            )
        }
    }

    private func checkKernels(_ sizes: [Int], _ key: String, count: Int) throws {
        try check(sizes.count == count, key) {
            ("\(sizes.count) kernel sizes were given for \(count) layers", "give \(count) numbers")
        }
        for (index, size) in sizes.enumerated() {
            try check(size == 0 || lka.serves(size), "\(key)[\(index)]") {
                (
                    "\(lka.rawValue) has no kernel of side \(size)",
                    "use \(lka.sizes), or 0 for residual blocks"
                )
            }
        }
    }

    private func check(
        _ condition: Bool, _ key: String, _ message: () -> (what: String, fix: String)
    ) throws {
        guard !condition else { return }
        let (what, fix) = message()
        throw ConfigurationError(what: what, key: key, fix: fix)
    }

    /// Authors, title and number at arXiv.
    public static let paper =
        "\"BEVANet: Bilateral Efficient Visual Attention Network for Real-time "
        + "Semantic Segmentation\", arXiv 2508.07300"

    /// Builds the network.
    ///
    /// - Parameter scope: Holds its parameters.
    /// - Returns: The network.
    public func build(_ scope: ParameterScope) -> any Backbone { BEVANet(scope, self) }
}
