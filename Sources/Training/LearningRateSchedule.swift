import Foundation
import JSONText

/// The learning rate over the steps of a run.
public struct ScheduleConfiguration: Configuration, Equatable {
    /// The shape after the warm-up.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Half a cosine from 1 to `final_factor`.
        case cosine
        /// Multiplied by `step_factor` at each of `milestones`.
        case step
        /// `(1 - progress) ^ power`, down to `final_factor`.
        case poly
        /// The same all the time.
        case constant
    }

    /// The shape after the warm-up.
    public var name = Kind.cosine
    /// Steps of the linear warm-up.
    public var warmupSteps = 100
    /// Factor at the first step of the warm-up.
    public var warmupFactor: Float = 0.01
    /// Factor at the end of the run (cosine and poly).
    public var finalFactor: Float = 0.01
    /// Epochs after which the rate drops (step).
    public var milestones: [Int] = []
    /// Factor of each drop (step).
    public var stepFactor: Float = 0.1
    /// Exponent (poly).
    public var power: Float = 0.9

    /// The defaults.
    public init() {}

    /// Checks ranges.
    ///
    /// - Throws: `ConfigurationError` naming the key.
    public func validate() throws {
        try demandRange(warmupSteps >= 0, "warmup_steps", "0 or more")
        try demandRange(
            warmupFactor >= 0 && warmupFactor <= 1, "warmup_factor", "from 0 to 1")
        try demandRange(finalFactor >= 0 && finalFactor <= 1, "final_factor", "from 0 to 1")
        try demandRange(stepFactor > 0 && stepFactor <= 1, "step_factor", "from 0 to 1")
        try demandRange(power > 0, "power", "above 0")
    }

    /// The factor on the learning rate at a step.
    ///
    /// - Parameters:
    ///   - step: The step, from 0.
    ///   - total: Steps of the whole run.
    ///   - stepsPerEpoch: Steps of an epoch.
    /// - Returns: The factor, 0 to 1.
    public func factor(step: Int, total: Int, stepsPerEpoch: Int) -> Float {
        let warm =
            step < warmupSteps
            ? warmupFactor + (1 - warmupFactor) * Float(step + 1) / Float(warmupSteps) : 1
        return warm * shape(step: step, total: total, stepsPerEpoch: stepsPerEpoch)
    }

    private func shape(step: Int, total: Int, stepsPerEpoch: Int) -> Float {
        let progress = min(1, Float(step) / Float(max(1, total - 1)))
        switch name {
        case .constant: return 1
        case .cosine: return finalFactor + (1 - finalFactor) * (1 + cos(.pi * progress)) / 2
        case .poly: return finalFactor + (1 - finalFactor) * pow(1 - progress, power)
        case .step:
            let epoch = step / max(1, stepsPerEpoch)
            return pow(stepFactor, Float(milestones.count { epoch >= $0 }))
        }
    }
}
