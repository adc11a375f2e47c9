import Layers
import Tensors

extension BEVANet {
    /// PLKPPM: windows of 5 and 9 pixels, 2x2 parts, the mean and attention side by side.
    ///
    /// Each is added to the map's own branch; one norm sees all of them, in another order than
    /// the compression does.
    struct ParallelAttentivePyramid: Pyramid {
        private let branches: [PyramidBranch]
        private let own: PreactivatedConvolution
        private let attention: PyramidAttention
        private let norm: BatchNorm2d
        private let processes: [Conv2d]
        private let end: PyramidEnd
        private let channels: Int

        init(_ scope: ParameterScope, _ extent: PyramidExtent) {
            channels = extent.branch
            let scale = scope.parameter(
                "layer_scale_lska", [channels], .constant(0.01), role: .undecayed)
            let pools: [Pool] = [.windows(5), .windows(9), .bins(2), .bins(1)]
            branches = pools.enumerated().map {
                PyramidBranch(scope["scale\($0 + 1)"], $1, extent)
            }
            own = PreactivatedConvolution(scope["scale0"], extent.inputs, channels)
            attention = PyramidAttention(scope, size: 23, channels: channels, scale: scale)
            norm = BatchNorm2d(scope["process"][0], 5 * channels)
            let width = channels
            // In the order in which the norm sees the branches.
            processes = ["1", "2", "_lska", "3", "4"].map {
                Conv2d(
                    scope["process" + $0], width, width, kernel: 3, padding: 1, bias: false)
            }
            end = PyramidEnd(scope, extent, branches: 6)
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            let first = own(x, context)
            var scales = branches.map { $0(x, context) + first }
            scales.insert(attention(first, context), at: 2)
            let rectified = norm(.concatenated(scales), context, ending: .rectified)
            var processed = processes.enumerated().map { index, process in
                process(rectified.channels(index * channels..<(index + 1) * channels))
            }
            processed.swapAt(2, 3)
            return end([first] + processed, x, context)
        }
    }

    /// PAPPM: windows of 5, 9 and 17 pixels and the mean side by side, a convolution in four
    /// groups for all of them.
    struct ParallelPyramid: Pyramid {
        private let branches: [PyramidBranch]
        private let own: PreactivatedConvolution
        private let norm: BatchNorm2d
        private let weight: Parameter
        private let name: String
        private let end: PyramidEnd

        init(_ scope: ParameterScope, _ extent: PyramidExtent) {
            let channels = extent.branch
            branches = BEVANet.windowBranches(scope, extent)
            own = PreactivatedConvolution(scope["scale0"], extent.inputs, channels)
            let process = scope["scale_process"]
            norm = BatchNorm2d(process[0], 4 * channels)
            weight = process[2].parameter(
                "weight", [4 * channels, channels, 3, 3], .pytorchDefault(fanIn: 9 * channels),
                layout: .channelsLast)
            name = process[2].prefix
            end = PyramidEnd(scope, extent, branches: 5)
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            let first = own(x, context)
            let scales = branches.map { $0(x, context) + first }
            let rectified = norm(.concatenated(scales), context, ending: .rectified)
            return end([first, grouped(rectified)], x, context)
        }

        /// The 3x3 convolution, each quarter of the channels by itself.
        private func grouped(_ x: Tensor) -> Tensor {
            Graph.named(name) {
                let (width, size) = (x.shape.channels / 4, weight.tensor.shape.count / 4)
                let weights = weight.tensor.reshaped([4 * size])
                return .concatenated(
                    (0..<4).map { group in
                        x.channels(group * width..<(group + 1) * width).convolved(
                            weights.channels(group * size..<(group + 1) * size)
                                .reshaped([width, 3, 3, width]),
                            bias: nil, stride: 1, padding: 1)
                    })
            }
        }
    }
}
