import Backbones
import Catalogue
import Checkpoints
import Foundation
import Layers
import Tensors
import TestSupport
import Testing

/// What every family of the catalogue promises, shown on its smallest published network.
///
/// A new family joins by standing in the catalogue.
@Suite struct EveryFamilyTests {
    /// The first variant of each family: the smallest, since variants stand in the order of size.
    static let smallest: [BackboneCatalogue.Entry] = {
        var families: Set<String> = []
        return BackboneCatalogue.variants.filter { families.insert($0.family).inserted }
    }()

    /// Parameters that the family's card calls unused, by the beginnings of their names.
    private static let unused: [String: [String]] = [:]

    /// Odd heights and widths, so that no stage divides evenly.
    private static let sizes = [[67, 45], [39, 75]]

    private static func image(_ size: [Int], samples: Int = 1, name: String = "input") -> Tensor {
        filled(name, [samples, size[0], size[1], 3])
    }

    @Test(arguments: smallest) func denseFormKeepsItsPromises(
        entry: BackboneCatalogue.Entry
    ) throws {
        let network = Network(entry.configuration, ParameterStore(seed: 1))
        expectDeclaredFeatures(network)
        expectSamplesOneByOne(network)
        expectPlan(network)
        try expectSameOutputsAfterSaving(network, entry.configuration)
        expectGradients(network, unused: Self.unused[entry.family, default: []])
    }

    @Test(arguments: smallest) func stepAgainstTheGradientLowersTheLoss(
        entry: BackboneCatalogue.Entry
    ) throws {
        var settings = entry.configuration
        settings.numClasses = 5
        let network = Network(settings, ParameterStore(seed: 1))
        let x = Self.image(Self.sizes[0], samples: 2)
        func loss() throws -> Tensor {
            let context = Context(.training, regularization: .none)
            let outputs = network.backbone.outputs(x, context)
            let logits = try #require(outputs.first { $0.name == "logits" })
            return crossEntropy(logits.value, labels: [0, 3])
        }
        let (before, tape) = try Tape.record { try loss() }
        tape.backward(from: before)
        let trained = network.store.parameters.filter(\.isTrained)
        let square = trained.reduce(0.0) { $0 + ($1.gradient.value?.sumOfSquares ?? 0) }
        // So short that the loss would fall by a twentieth if it were linear.
        let rate = 0.05 * before.scalar / Float(square)
        for parameter in trained {
            guard let gradient = parameter.gradient.value else { continue }
            parameter.value = parameter.value - gradient.multiplied(by: rate)
        }
        let after = try loss().scalar
        #expect(after < before.scalar, "\(entry.name): \(after) after \(before.scalar)")
    }

    /// A network with its parameters.
    private struct Network {
        let store: ParameterStore
        let backbone: any Backbone

        init(_ settings: any BackboneConfiguration, _ store: ParameterStore) {
            self.store = store
            backbone = settings.build(ParameterScope(store))
        }

        /// The outputs in evaluation but for choices, whose order is free.
        func outputs(_ x: Tensor) -> [NamedOutput] {
            backbone.outputs(x, Context(.evaluation)).filter { $0.kind == .floats }
        }
    }

    // MARK: - Promises

    private func expectDeclaredFeatures(_ network: Network) {
        for size in Self.sizes {
            let maps = network.backbone(Self.image(size), Context(.evaluation))
            #expect(maps.count == network.backbone.features.count)
            for (map, feature) in zip(maps, network.backbone.features) {
                let expected = size.map { ($0 + feature.stride - 1) / feature.stride }
                #expect(map.shape == Shape([1] + expected + [feature.channels]))
                #expect(map.isFinite)
            }
        }
    }

    private func expectSamplesOneByOne(_ network: Network) {
        let size = Self.sizes[0]
        let samples = ["input.a", "input.b"].map { Self.image(size, name: $0) }
        let batch = Tensor(shape: [2, size[0], size[1], 3], samples.flatMap { $0.elements })
        let single = samples.map { network.outputs($0) }
        for (index, output) in network.outputs(batch).enumerated() {
            // 1e-5: the shape decides how sums are cut into blocks.
            expectClose(
                output.value.elements, single.flatMap { $0[index].value.elements },
                relative: 1e-5, "batch: \(output.name)")
        }
    }

    private func expectPlan(_ network: Network) {
        let x = Self.image(Self.sizes[1])
        let plan = Plan(
            Graph.trace(inputs: [x.shape]) { network.outputs($0[0]).map(\.value) })
        for (value, output) in zip(plan([x]), network.outputs(x)) {
            // 1e-4: constants are folded all through a network.
            expectClose(
                value.elements, output.value.elements, relative: 1e-4, "plan: \(output.name)")
        }
    }

    private func expectSameOutputsAfterSaving(
        _ network: Network, _ settings: any BackboneConfiguration
    ) throws {
        let path = NSTemporaryDirectory() + UUID().uuidString + ".safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var writer = SafetensorsWriter()
        try writer.add(ParameterScope(network.store).namedTensors)
        try writer.write(to: path)
        let other = Network(settings, .unfilled())
        try ParameterScope(other.store).load(Checkpoint(path: path).namedTensors, from: path)
        let x = Self.image(Self.sizes[0])
        for (a, b) in zip(network.outputs(x), other.outputs(x)) {
            #expect(a.value.elements == b.value.elements, "saved: \(a.name)")
        }
    }

    private func expectGradients(_ network: Network, unused: [String]) {
        let x = Self.image(Self.sizes[0], samples: 2)
        let (maps, tape) = Tape.record { network.backbone(x, Context(.training)) }
        tape.backward(from: maps.map { ($0, filled("cotangent", $0.shape)) })
        for parameter in network.store.parameters where parameter.isTrained {
            guard !unused.contains(where: parameter.name.hasPrefix) else { continue }
            #expect(parameter.gradient.value?.isFinite == true, "gradient: \(parameter.name)")
        }
    }
}
