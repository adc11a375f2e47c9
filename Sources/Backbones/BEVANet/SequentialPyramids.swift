import Layers
import Tensors

extension BEVANet {
    /// DLKPPM: each scale takes from the one before it, with attention in the middle.
    ///
    /// With `s0` the map's own branch and `sl` its attention: `t1 = dilated(b1 + s0)`,
    /// `t2 = dilated(b2 + t1)`, `tl = conv(sl + t2)`, `t4 = conv(b4 + tl)`, `t5 = conv(b5 + t4)`
    /// of windows of 5 and 9 pixels, and of 2x2 and 1x1 parts.
    struct AttentivePyramid: Pyramid {
        private let fine: [PyramidBranch]
        private let coarse: [PyramidBranch]
        private let own: PreactivatedConvolution
        private let attention: PyramidAttention
        private let dilated: [DilatedConvolution]
        private let processes: [PreactivatedConvolution]
        private let end: PyramidEnd

        init(_ scope: ParameterScope, _ extent: PyramidExtent) {
            let channels = extent.branch
            let scale = scope.parameter(
                "layer_scale_lska", [channels], .constant(0.01), role: .undecayed)
            fine = [
                PyramidBranch(scope["scale1"], .windows(5), extent),
                PyramidBranch(scope["scale2"], .windows(9), extent),
            ]
            coarse = [
                PyramidBranch(scope["scale4"], .bins(2), extent),
                PyramidBranch(scope["scale5"], .bins(1), extent),
            ]
            own = PreactivatedConvolution(scope["scale0"], extent.inputs, channels)
            attention = PyramidAttention(scope, size: 35, channels: channels, scale: scale)
            dilated = ["process1", "process2"].map { DilatedConvolution(scope[$0], channels) }
            processes = ["process_lska", "process4", "process5"].map {
                PreactivatedConvolution(scope[$0], channels, channels, kernel: 3)
            }
            end = PyramidEnd(scope, extent, branches: 6)
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            let first = own(x, context)
            var scales = [first]
            var last = first
            for (branch, process) in zip(fine, dilated) {
                last = process(branch(x, context) + last, context)
                scales.append(last)
            }
            last = processes[0](attention(first, context) + last, context)
            scales.append(last)
            for (branch, process) in zip(coarse, processes.dropFirst()) {
                last = process(branch(x, context) + last, context)
                scales.append(last)
            }
            return end(scales, x, context)
        }
    }

    /// DAPPM: windows of 5, 9 and 17 pixels and the mean, each after the one before it.
    struct DeepPyramid: Pyramid {
        private let branches: [PyramidBranch]
        private let own: PreactivatedConvolution
        private let processes: [PreactivatedConvolution]
        private let end: PyramidEnd

        init(_ scope: ParameterScope, _ extent: PyramidExtent) {
            branches = BEVANet.windowBranches(scope, extent)
            own = PreactivatedConvolution(scope["scale0"], extent.inputs, extent.branch)
            processes = (1...4).map {
                PreactivatedConvolution(
                    scope["process\($0)"], extent.branch, extent.branch, kernel: 3)
            }
            end = PyramidEnd(scope, extent, branches: 5)
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            var scales = [own(x, context)]
            for (branch, process) in zip(branches, processes) {
                scales.append(process(branch(x, context) + scales[scales.count - 1], context))
            }
            return end(scales, x, context)
        }
    }

    /// Windows of 5, 9 and 17 pixels and the mean, under `scale1` to `scale4`.
    static func windowBranches(
        _ scope: ParameterScope, _ extent: PyramidExtent
    ) -> [PyramidBranch] {
        let pools: [Pool] = [.windows(5), .windows(9), .windows(17), .bins(1)]
        return pools.enumerated().map { PyramidBranch(scope["scale\($0 + 1)"], $1, extent) }
    }
}
