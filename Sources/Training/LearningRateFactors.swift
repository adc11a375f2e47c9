import Layers

/// Factors on the learning rate of each parameter: the backbone's own, and decay by depth.
///
/// Decay by depth gives layer `i` of `n` the factor `decay^(n + 1 - i)`: the stem is layer 0,
/// each block one layer more, what stands between blocks counts as the block before it, and neck
/// and head keep the full rate (BEiT, Bao et al., ICLR 2022, appendix H; ConvNeXt, Liu et al., CVPR
/// 2022, for networks of several stages).
struct LearningRateFactors {
    private let configuration: OptimizerConfiguration
    /// The layer of each part of the backbone, by its state-dict name without `backbone.`.
    private var layers: [String: Int] = [:]
    private var layerCount = 0
    private let stages: [Stage]

    /// Numbers the blocks of a backbone.
    ///
    /// - Parameters:
    ///   - configuration: Gives the factor of the backbone and the decay.
    ///   - backbone: Tells its stages.
    ///   - names: Names of all parameters in the order in which they were declared.
    init(
        _ configuration: OptimizerConfiguration, backbone: any Backbone, names: [String]
    ) {
        self.configuration = configuration
        stages = (0..<backbone.stageCount).map {
            Stage(
                scopes: backbone.scopeNames(ofStage: $0 + 1),
                blockScopes: Set(backbone.blockScopeNames(ofStage: $0 + 1)))
        }
        let own = names.compactMap(Self.nameInBackbone)
        for stage in stages {
            for part in own.compactMap(stage.part(of:)) where layers[part.name] == nil {
                if part.isBlock { layerCount += 1 }
                layers[part.name] = layerCount
            }
        }
    }

    /// The factor of a parameter.
    ///
    /// - Parameter name: Its name in the detector.
    /// - Returns: What the learning rate is multiplied by.
    func factor(of name: String) -> Float {
        guard let own = Self.nameInBackbone(name) else { return 1 }
        var factor = configuration.backboneFactor
        for _ in layer(of: own)...layerCount { factor *= configuration.layerDecay }
        return factor
    }

    private func layer(of name: String) -> Int {
        for stage in stages {
            if let part = stage.part(of: name) { return layers[part.name] ?? layerCount }
        }
        return layerCount
    }

    private static func nameInBackbone(_ name: String) -> String? {
        name.hasPrefix("backbone.") ? String(name.dropFirst("backbone.".count)) : nil
    }

    /// A scope of a stage, or one of its blocks.
    private struct Part {
        let name: String
        let isBlock: Bool
    }

    private struct Stage {
        let scopes: [String]
        let blockScopes: Set<String>

        /// The part of this stage that a parameter belongs to.
        func part(of name: String) -> Part? {
            guard let scope = scopes.first(where: { name.hasPrefix($0 + ".") }) else { return nil }
            let next = name.dropFirst(scope.count + 1).prefix { $0 != "." }
            let isNumbered = blockScopes.contains(scope) && Int(next) != nil
            return Part(
                name: isNumbered ? "\(scope).\(next)" : scope, isBlock: blockScopes.contains(scope))
        }
    }
}
