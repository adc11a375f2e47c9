import Checkpoints
import JSONText
import Layers
import Tensors
import TestSupport
import Testing

@testable import Backbones

/// Pieces of the authors' network, each by itself.
@Suite struct BEVANetPieceTests {
    private func golden(_ name: String) throws -> GoldenCase {
        try GoldenCase("segmentation/bevanet_piece_" + name)
    }

    /// Compares a piece of one input, whose output the cases call `output`.
    private func check(
        _ name: String,
        _ build: (ParameterScope) throws -> (Tensor, Context) -> Tensor
    ) throws {
        let golden = try golden(name)
        try golden.check(golden.ownLimits) { scope in
            let piece = try build(scope)
            return { [NamedOutput("output", piece($0, $1))] }
        }
    }

    @Test func basicBlockEqualsTheAuthors() throws {
        try check("basic_block") { scope in
            let block = BEVANet.BasicBlock(
                scope, BEVANet.BlockGeometry(inputs: 4, planes: 6, stride: 2))
            return { block($0, $1) }
        }
    }

    @Test func bottleneckEqualsTheAuthors() throws {
        try check("bottleneck") { scope in
            let block = BEVANet.Bottleneck(
                scope, BEVANet.BlockGeometry(inputs: 4, planes: 3, end: .linear))
            return { block($0, $1) }
        }
    }

    @Test(arguments: [7, 11, 23, 35]) func selectiveKernelEqualsTheAuthors(size: Int) throws {
        try check("sdlska_k\(size)") { scope in
            let gate = BEVANet.spatialGate(scope, .sdlska, size: size, channels: 6)
            return { gate($0, $1) }
        }
    }

    @Test(arguments: [7, 23, 35, 53]) func sequentialKernelEqualsTheAuthors(size: Int) throws {
        try check("lska_k\(size)") { scope in
            let gate = BEVANet.spatialGate(scope, .lska, size: size, channels: 5)
            return { gate($0, $1) }
        }
    }

    @Test func crossKernelEqualsTheAuthors() throws {
        try check("slak") { scope in
            let gate = BEVANet.spatialGate(scope, .slak, size: 9, channels: 5)
            return { gate($0, $1) }
        }
    }

    @Test(arguments: [("eva", LargeKernel.sdlska, 35, 3.0), ("eva_lska", .lska, 11, 2)])
    func attentionBlockEqualsTheAuthors(
        name: String, kind: LargeKernel, size: Int, expansion: Double
    ) throws {
        try check(name) { scope in
            let block = BEVANet.VisualAttention(
                scope,
                BEVANet.AttentionSettings(
                    kind: kind, size: size, expansion: expansion, dropPathRate: 0),
                channels: 6)
            return { block($0, $1) }
        }
    }

    @Test func kernelSelectionEqualsTheAuthors() throws {
        let golden = try golden("cks")
        let inputs = ["input.small", "input.horizontal", "input.vertical"]
        try golden.check(golden.ownLimits, inputs: inputs) { scope in
            let piece = BEVANet.KernelSelection(scope, channels: 7)
            return { [NamedOutput("output", piece($0, $1))] }
        }
    }

    @Test func pixelAttentionFusionEqualsTheAuthors() throws {
        let golden = try golden("pagfm")
        try golden.check(golden.ownLimits, inputs: ["input.x", "input.y"]) { scope in
            let piece = BEVANet.PixelAttentionFusion(scope, channels: 6, hidden: 3)
            return { [NamedOutput("output", piece($0[0], $0[1], $1))] }
        }
    }

    @Test(arguments: [
        ("dlkppm", PyramidPooling.dlkppm), ("dlkppm_small", .dlkppm), ("plkppm", .plkppm),
        ("dappm", .dappm), ("pappm", .pappm),
    ])
    func pyramidEqualsTheAuthors(name: String, kind: PyramidPooling) throws {
        let sizes = try golden(name).info["constructor"]
        let extent = BEVANet.PyramidExtent(
            inputs: try #require(sizes?["inplanes"]?.integer),
            branch: try #require(sizes?["branch_planes"]?.integer),
            outputs: try #require(sizes?["outplanes"]?.integer))
        try check(name) { scope in
            let pyramid = BEVANet.pyramid(scope, kind, extent)
            return { pyramid($0, $1) }
        }
    }

    @Test(arguments: [
        ("bgaf", BoundaryFusion.bgaf, 8), ("bag", .bag, 6), ("light_bag", .lightBag, 6),
    ])
    func guidedFusionEqualsTheAuthors(
        name: String, kind: BoundaryFusion, outputs: Int
    ) throws {
        let golden = try golden(name)
        let inputs = ["input.p", "input.i", "input.d"]
        try golden.check(golden.ownLimits, inputs: inputs) { scope in
            let fusion = BEVANet.fusion(scope, kind, inputs: 8, outputs: outputs)
            return { maps, context in
                let guided = BEVANet.GuidedMaps(
                    detail: maps[0], semantic: maps[1], boundary: maps[2])
                return [NamedOutput("output", fusion(guided, context))]
            }
        }
    }

    /// The case's head doubles its map, which the published network leaves to the loss.
    @Test func segmentationHeadEqualsTheAuthors() throws {
        try check("segmenthead") { scope in
            let head = BEVANet.SegmentationHead(scope, 6, hidden: 5, outputs: 4)
            return { head($0, $1).resampledBilinear(height: 10, width: 14) }
        }
    }

    @Test(arguments: ["up", "down", "same_height"]) func resamplingEqualsPyTorch(size: String)
        throws
    {
        let file = try SafetensorsFile(
            path: Goldens.folder + "/segmentation/piece_resize/io.safetensors")
        func tensor(_ name: String) throws -> Tensor {
            Tensor(channelsFirst: Shape(try file.required(name).shape), try file.floats(name))
        }
        for (rule, grid) in [("half_pixel", SamplingGrid.areas), ("corners", .corners)] {
            let expected = try tensor("eval.\(size).\(rule)")
            let y = try tensor("input").resampledBilinear(
                height: expected.shape[1], width: expected.shape[2], grid: grid)
            expectClose(y.elements, expected.elements, relative: 1e-6, rule)
        }
    }
}
