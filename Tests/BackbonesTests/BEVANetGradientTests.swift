import Checkpoints
import Layers
import Tensors
import TestSupport
import Testing

@testable import Backbones

/// The gradients of the maps that necks read, which no reference file holds.
@Suite struct BEVANetGradientTests {
    private static let settings: BEVANetConfiguration = {
        var settings = BEVANetConfiguration()
        settings.planes = 4
        settings.nBlocks = [1, 1, 1, 1, 1]
        settings.semanticKernelSize = [0, 7, 7]
        settings.detailKernelSize = [0, 7]
        settings.mlpExpand = [2, 2, 2]
        return settings
    }()

    private let store = ParameterStore()
    private let network: BEVANet
    private let input = filled("input", [2, 72, 88, 3])

    init() {
        network = BEVANet(ParameterScope(store), Self.settings)
        for parameter in store.parameters where parameter.isTrained {
            let shape = parameter.fileShape.dimensions
            parameter.setFileElements(FormulaFill.values(parameter.name, shape))
        }
    }

    private func maps() -> [Tensor] {
        network(input, Context(.training, regularization: .none))
    }

    private func cotangent(_ index: Int, _ shape: Shape) -> Tensor {
        filled("cotangent.\(index)", shape)
    }

    /// The sum over maps of map times cotangent, in double precision.
    private func loss() -> Double {
        maps().enumerated().reduce(0) { sum, map in
            let cotangent = cotangent(map.offset, map.element.shape)
            return zip(map.element.elements, cotangent.elements).reduce(sum) {
                $0 + Double($1.0) * Double($1.1)
            }
        }
    }

    /// Along its own gradient a part's loss grows by the gradient's norm.
    @Test func gradientsAreTheSlopesOfTheLoss() {
        let (outputs, tape) = Tape.record { maps() }
        tape.backward(
            from: outputs.enumerated().map { ($0.element, cotangent($0.offset, $0.element.shape)) })
        let parts = Dictionary(grouping: store.parameters.filter(\.isTrained)) {
            $0.name.prefix { $0 != "." }
        }
        #expect(parts.count > 15)
        for (part, parameters) in parts {
            let gradients = parameters.map(\.gradient.value)
            #expect(gradients.allSatisfy { $0 != nil }, "\(part)")
            let norm = gradients.reduce(0) { $0 + ($1?.sumOfSquares ?? 0) }.squareRoot()
            let slope = self.slope(parameters, gradients, norm: norm)
            #expect(abs(slope - norm) <= 0.01 * norm, "\(part): \(slope), not \(norm)")
        }
    }

    /// The central difference of the loss along gradients.
    ///
    /// The step is short because of the kinks of ReLU, and long against rounding.
    private func slope(
        _ parameters: [Parameter], _ gradients: [Tensor?], norm: Double
    ) -> Double {
        let originals = parameters.map(\.value)
        let size = originals.reduce(0) { $0 + $1.sumOfSquares }.squareRoot()
        let step = 3e-5 * size
        func moved(_ distance: Double) -> Double {
            for ((parameter, original), gradient) in zip(zip(parameters, originals), gradients) {
                guard let gradient else { continue }
                parameter.value = original + gradient.multiplied(by: Float(distance / norm))
            }
            return loss()
        }
        let difference = moved(step) - moved(-step)
        for (parameter, original) in zip(parameters, originals) { parameter.value = original }
        return difference / (2 * step)
    }
}
