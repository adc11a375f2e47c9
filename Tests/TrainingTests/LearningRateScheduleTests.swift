import JSONText
import Testing

@testable import Training

@Suite struct LearningRateScheduleTests {
    private func schedule(_ name: ScheduleConfiguration.Kind) -> ScheduleConfiguration {
        var schedule = ScheduleConfiguration()
        schedule.name = name
        schedule.warmupSteps = 0
        schedule.finalFactor = 0.1
        return schedule
    }

    @Test func cosineGoesFromOneToTheFinalFactor() {
        let schedule = schedule(.cosine)
        let factors = (0..<101).map { schedule.factor(step: $0, total: 101, stepsPerEpoch: 10) }
        #expect(abs(factors[0] - 1) < 1e-6)
        #expect(abs(factors[50] - 0.55) < 1e-6)
        #expect(abs(factors[100] - 0.1) < 1e-6)
        #expect(zip(factors, factors.dropFirst()).allSatisfy { $0 >= $1 })
    }

    @Test func polyReachesTheFinalFactor() {
        let schedule = schedule(.poly)
        #expect(schedule.factor(step: 0, total: 11, stepsPerEpoch: 1) == 1)
        #expect(abs(schedule.factor(step: 10, total: 11, stepsPerEpoch: 1) - 0.1) < 1e-6)
    }

    @Test func stepsDropAtTheirEpochs() {
        var schedule = schedule(.step)
        schedule.milestones = [2, 3]
        let factors = [0, 19, 20, 29, 30, 99].map {
            schedule.factor(step: $0, total: 100, stepsPerEpoch: 10)
        }
        for (factor, expected) in zip(factors, [1, 1, 0.1, 0.1, 0.01, 0.01] as [Float]) {
            #expect(abs(factor - expected) < 1e-6)
        }
    }

    @Test func warmUpIsLinear() {
        var schedule = schedule(.constant)
        schedule.warmupSteps = 4
        schedule.warmupFactor = 0.2
        let factors = (0..<6).map { schedule.factor(step: $0, total: 100, stepsPerEpoch: 10) }
        for (factor, expected) in zip(factors, [0.4, 0.6, 0.8, 1, 1, 1] as [Float]) {
            #expect(abs(factor - expected) < 1e-6)
        }
    }

    @Test func aRateOutOfRangeIsRefusedByName() {
        var optimizer = OptimizerConfiguration()
        optimizer.learningRate = 1e30
        #expect(throws: ConfigurationError.self) { try optimizer.validate() }
        let error = #expect(throws: ConfigurationError.self) { try optimizer.validate() }
        #expect(error?.what.contains("learning_rate") == true)
    }
}
