import Layers
import Tensors
import TestSupport
import Testing

/// A direct convolution in 64 bits, the second formula of the tests.
private struct DirectConvolution {
    var stride = 1
    var padding = 0
    var dilation = 1
    var groups = 1

    func callAsFunction(_ x: Tensor, _ weight: Parameter, _ bias: Parameter?) -> [Float] {
        let (n, h, w, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        let outputs = weight.fileShape[0]
        let inputs = weight.fileShape[1]
        let kernel = weight.fileShape[2]
        let reach = dilation * (kernel - 1) + 1
        let oh = (h + 2 * padding - reach) / stride + 1
        let ow = (w + 2 * padding - reach) / stride + 1
        let pixels = x.elements
        let taps = weight.fileElements
        let shifts = bias?.fileElements ?? [Float](repeating: 0, count: outputs)
        var y: [Float] = []
        for index in 0..<n * oh * ow * outputs {
            let o = index % outputs
            let j = index / outputs % ow
            let i = index / outputs / ow % oh
            let image = index / outputs / ow / oh
            var sum = Double(shifts[o])
            for tap in 0..<inputs * kernel * kernel {
                let column = j * stride + tap % kernel * dilation - padding
                let row = i * stride + tap / kernel % kernel * dilation - padding
                guard (0..<h).contains(row), (0..<w).contains(column) else { continue }
                let channel = o / (outputs / groups) * inputs + tap / kernel / kernel
                let pixel = pixels[((image * h + row) * w + column) * channels + channel]
                sum += Double(pixel) * Double(taps[o * inputs * kernel * kernel + tap])
            }
            y.append(Float(sum))
        }
        return y
    }
}

@Suite struct ConvolutionTests {
    /// Kernel, stride and padding of the convolutions that models here have.
    static let geometries = [[1, 1, 0], [3, 1, 1], [3, 2, 1], [7, 4, 3], [2, 2, 0]]

    @Test(arguments: geometries) func convolutionEqualsTheDirectSum(geometry: [Int]) {
        let layer = Conv2d(
            ParameterScope(ParameterStore(seed: 3)), 5, 6, kernel: geometry[0],
            stride: geometry[1], padding: geometry[2])
        let x = filled("input", [2, 9, 11, 5])
        let direct = DirectConvolution(stride: geometry[1], padding: geometry[2])
        expectClose(layer(x).elements, direct(x, layer.weight, layer.bias), relative: 1e-5)
    }

    /// Kernel, stride, padding and dilation.
    static let depthwiseGeometries = [[3, 1, 1, 1], [5, 1, 2, 1], [7, 1, 9, 3], [3, 2, 1, 1]]

    @Test(arguments: depthwiseGeometries) func depthwiseEqualsTheDirectSum(geometry: [Int]) {
        let layer = DepthwiseConv2d(
            ParameterScope(ParameterStore(seed: 4)), 10, kernel: geometry[0],
            stride: geometry[1], padding: geometry[2], dilation: geometry[3])
        let x = filled("input", [2, 13, 8, 10])
        let direct = DirectConvolution(
            stride: geometry[1], padding: geometry[2], dilation: geometry[3], groups: 10)
        expectClose(layer(x).elements, direct(x, layer.weight, layer.bias), relative: 1e-5)
    }

    @Test func linearEqualsAPointwiseConvolution() {
        let linear = Linear(ParameterScope(ParameterStore(seed: 5)), 7, 9)
        let pointwise = Conv2d(ParameterScope(ParameterStore(seed: 5)), 7, 9, kernel: 1)
        let x = filled("input", [2, 3, 4, 7])
        expectClose(linear(x).elements, pointwise(x).elements, relative: 1e-6)
    }

    @Test func parametersStandUnderTheAuthorsNamesAndShapes() {
        let store = ParameterStore()
        let scope = ParameterScope(store)
        _ = Conv2d(scope["a"], 3, 8, kernel: 5, bias: false)
        _ = DepthwiseConv2d(scope["b"][0], 8, kernel: 3)
        _ = Linear(scope["c"], 8, 2)
        #expect(
            store.parameters.map { "\($0.name) \($0.fileShape)" } == [
                "a.weight [8, 3, 5, 5]", "b.0.weight [8, 1, 3, 3]", "b.0.bias [8]",
                "c.weight [2, 8]", "c.bias [2]",
            ])
        #expect(store["b.0.bias"]?.role == .undecayed)
        #expect(store["c.weight"]?.role == .weight)
    }

    @Test func defaultInitialValuesStayWithinPyTorchsBound() {
        let store = ParameterStore()
        _ = Conv2d(ParameterScope(store), 4, 64, kernel: 3)
        let bound = 1 / Float(4 * 3 * 3).squareRoot()
        for parameter in store.parameters {
            let largest = parameter.value.elements.reduce(0) { max($0, abs($1)) }
            #expect(largest <= bound && largest > 0.8 * bound)
        }
    }

    @Test func biasBeginsAsItIsTold() {
        let store = ParameterStore()
        let scope = ParameterScope(store)
        _ = Linear(scope["prior"], 4, 3, bias: .constant(-4.5))
        _ = Linear(scope["own"], 4, 3, initializer: .normal(standardDeviation: 0.02))
        _ = Linear(scope["none"], 4, 3, bias: .when(false))
        #expect(store["prior.bias"]?.value.elements == [-4.5, -4.5, -4.5])
        #expect(store["own.bias"]?.value.elements == [0, 0, 0])
        #expect(store["none.bias"] == nil)
    }
}
