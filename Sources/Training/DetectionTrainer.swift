import Annotations
import Catalogue
import Checkpoints
import Datasets
import Detection
import Evaluation
import Foundation
import Imaging
import JSONText
import Layers
import Parallelism
import Prediction
import Tensors

/// Trains a detector as a configuration says and keeps everything in a run folder.
///
/// Batches, stochastic depth and initial weights follow from the seed and the step alone, and
/// kernels give the same bits for any number of threads: equal seeds give equal weights, and a
/// resumed run equals one that was never interrupted.
public final class DetectionTrainer {
    /// How a run ended.
    public enum Outcome: Sendable {
        /// All epochs are done.
        case finished
        /// The user interrupted it; its state is saved.
        case interrupted
        /// It had been finished before; nothing was changed.
        case alreadyFinished
    }

    let configuration: RunConfiguration
    let folder: RunFolder
    let data: TrainingData
    let trained: TrainedDetector
    let warnings: Warnings
    let log: TrainingLog
    private let optimizer: Optimizer
    let average: WeightAverage?
    private let parameters: [Parameter]
    let source: BatchSource
    var state = TrainingState()
    /// What initial weights that fit in part left as it was, or had besides.
    let passedOver: [String]

    var settings: TrainingConfiguration { configuration.settings.training }
    var stepsPerEpoch: Int {
        (source.stepsPerEpoch + settings.accumulation - 1) / settings.accumulation
    }
    var totalSteps: Int { stepsPerEpoch * settings.epochs }

    /// Reads the data and builds the model; writes nothing.
    ///
    /// - Parameters:
    ///   - configuration: The whole configuration.
    ///   - folder: The run folder.
    ///   - warnings: Collects what is odd.
    ///   - print: Shows a line to the user.
    /// - Throws: Errors that name what cannot be used.
    public init(
        _ configuration: RunConfiguration, folder: RunFolder, warnings: Warnings,
        print: @escaping (String) -> Void
    ) throws {
        self.configuration = configuration
        self.folder = folder
        self.warnings = warnings
        let settings = configuration.settings
        data = try TrainingData(settings.data, warnings: warnings)
        let detector = try Detector(
            configuration.model, classCount: data.classes.count,
            seed: UInt64(settings.training.seed), normEval: settings.training.normEval)
        try detector.checkTrainingBatch(settings.training.batchSize)
        passedOver = try InitialWeights.load(settings.training, into: detector)
        try detector.freezeStages(settings.training.frozenStages)
        try detector.freeze(settings.training.freeze)
        trained = TrainedDetector(
            detector: detector, classes: data.classes, preprocessing: settings.preprocessing)
        parameters = detector.store.parameters.filter(\.isTrained)
        let rule = settings.training.optimizer
        let factors = LearningRateFactors(
            rule, backbone: detector.backbone, names: detector.store.parameters.map(\.name))
        optimizer = Optimizer(parameters, rule, rateFactor: factors.factor(of:))
        average =
            settings.training.ema.enabled
            ? WeightAverage(detector.store, settings.training.ema) : nil
        let images = settings.training.batchSize
        let batches = (data.training.items.count + images - 1) / images * settings.training.epochs
        source = try BatchSource(
            set: data.training,
            options: BatchOptions(
                batchSize: images, seed: UInt64(settings.training.seed),
                mosaicEnd: Int(Double(batches) * settings.augmentation.mosaicUntil),
                cacheBytes: settings.data.cacheMb << 20),
            preprocessing: settings.preprocessing, augmentation: settings.augmentation)
        source.warnings.forEach(warnings.add)
        log = TrainingLog(folder: folder, print: print)
    }

    /// Trains until the last epoch is done or the user interrupts.
    ///
    /// - Parameters:
    ///   - policy: What becomes of an existing folder.
    ///   - details: Written into `config.json`: versions and command line.
    /// - Returns: How the run ended.
    /// - Throws: `WorkError` when a loss is not finite or a file cannot be written.
    public func run(_ policy: RunFolder.Policy, details: [String: String]) throws -> Outcome {
        if policy == .resume {
            try resume()
            if state.step >= totalSteps, !state.isEvaluationDue {
                try log.note("the run is finished: \(settings.epochs) epochs are done")
                return .alreadyFinished
            }
        }
        try memoryForecast.refuse()
        Interruption.watch()
        try folder.prepare(policy)
        try folder.write(
            RunDescription.text(try configuration.resolved, details), to: folder.configuration)
        state.configuration = try configuration.resolved.text(.compact)
        try RunDescription.lines(self).forEach { try log.note($0) }
        do {
            try drawSamples()
            return try loop()
        } catch let error as WorkError {
            throw error
        } catch let error as any DescribedError {
            // Once the work has begun, whatever ends it is a failure and no refusal.
            throw WorkError(
                what: error.what, place: error.place, fix: error.fix, exitCode: 1)
        }
    }

    // MARK: - Steps

    private func loop() throws -> Outcome {
        let loader = BatchLoader(
            source, steps: state.step * settings.accumulation..<totalSteps * settings.accumulation,
            workers: configuration.settings.data.workers)
        defer { loader.stop() }
        var meter = IntervalMeter()
        var waited = loader.waitedSeconds
        let clock = ContinuousClock()
        if state.isEvaluationDue { try endEpoch() }
        while !Interruption.isRequested, state.step < totalSteps {
            let began = clock.now
            let (losses, rate) = try step(loader)
            state.step += 1
            let nowWaited = loader.waitedSeconds
            meter.add(
                losses: losses, images: settings.batchSize * settings.accumulation,
                seconds: (clock.now - began).seconds, dataSeconds: nowWaited - waited)
            waited = nowWaited
            source.takeWarnings().forEach(warnings.add)
            let isEpochEnd = state.step % stepsPerEpoch == 0
            if state.step % settings.logInterval == 0 || isEpochEnd {
                try report(meter, rate)
                meter = IntervalMeter()
            }
            if isEpochEnd {
                try endEpoch()
                waited = loader.waitedSeconds
            }
        }
        if state.step == totalSteps, !state.isEvaluationDue { return .finished }
        try save()
        try log.note("interrupted at step \(state.step); go on with --resume")
        return .interrupted
    }

    private func step(_ loader: BatchLoader) throws -> (
        losses: [(name: String, value: Float)], rate: Float
    ) {
        let store = trained.detector.store
        store.clearGradients()
        var losses: [(name: String, value: Float)] = []
        let share = 1 / Float(settings.accumulation)
        let rate =
            settings.optimizer.learningRate
            * settings.schedule.factor(
                step: state.step, total: totalSteps, stepsPerEpoch: stepsPerEpoch)
        for part in 0..<settings.accumulation {
            guard let batch = try loader.next() else { break }
            let found = forwardAndBackward(batch, part: part, share: share, rate: rate)
            losses =
                losses.isEmpty ? found : zip(losses, found).map { ($0.name, $0.value + $1.value) }
        }
        let norm = GradientCheck.norm(parameters)
        guard norm.isFinite, losses.allSatisfy(\.value.isFinite) else {
            throw GradientCheck.failure(
                losses: losses, parameters: parameters, step: state.step + 1, rate: rate)
        }
        if !stepsWhileWalking {
            let limit = Double(settings.gradientClip)
            let scale = limit > 0 && norm > limit ? Float(limit / norm) : 1
            optimizer.step(learningRate: rate, gradientScale: scale)
        }
        state.updates += 1
        average?.update(step: state.updates)
        return (losses, rate)
    }

    /// Whether weights change within the walk back: no gradient waits for another one.
    private var stepsWhileWalking: Bool {
        settings.gradientClip == 0 && settings.accumulation == 1
    }

    private func forwardAndBackward(_ batch: Batch, part: Int, share: Float, rate: Float) -> [(
        name: String, value: Float
    )] {
        let generator = RandomGenerator(
            seed: UInt64(settings.seed), stream: "step \(state.step) part \(part)")
        let context = Context(.training, generator: generator)
        let detector = trained.detector
        let (losses, tape) = Tape.record {
            detector.head.losses(
                detector(batch.images, context), batch.targets.map(\.detectionTargets))
        }
        let outputs = losses.map {
            (tensor: $0.value, gradient: Tensor(shape: $0.value.shape, repeating: share))
        }
        if stepsWhileWalking, losses.allSatisfy(\.value.scalar.isFinite) {
            optimizer.step(learningRate: rate, walking: tape, from: outputs)
        } else {
            tape.backward(from: outputs)
        }
        return losses.map { (Self.shortName($0.name), $0.value.scalar * share) }
    }

    /// The name in logs: `cls` for `loss_cls`.
    private static func shortName(_ name: String) -> String {
        name.hasPrefix("loss_") ? String(name.dropFirst(5)) : name
    }

    private func report(_ meter: IntervalMeter, _ rate: Float) throws {
        let inEpoch = (state.step - 1) % stepsPerEpoch + 1
        try log.interval(
            meter,
            TrainingProgress(
                epoch: (state.step - 1) / stepsPerEpoch + 1, epochs: settings.epochs,
                step: inEpoch, stepsPerEpoch: stepsPerEpoch, learningRate: rate,
                memoryBytes: StorageCache.shared.peakBytes + source.cachedBytes,
                secondsLeft: Double(totalSteps - state.step) * meter.stepMilliseconds / 1000))
    }

    // MARK: - Epochs

    private func endEpoch() throws {
        let epoch = state.step / stepsPerEpoch
        let interval = settings.evaluationInterval
        let isLast = state.step == totalSteps
        if let split = data.validation, isLast || (interval > 0 && epoch % interval == 0) {
            // Saved before as well: an evaluation can take long and be ended from outside.
            state.isEvaluationDue = true
            try save()
            guard let outcome = try evaluation(of: split) else { return }
            try record(outcome, of: split, epoch: epoch)
            state.isEvaluationDue = false
            try drawPredictions(split)
        }
        if isLast, state.bestEpoch == 0 {
            try writeWeights(to: folder.bestWeights, epoch: epoch, metric: nil)
        }
        try save()
        try CurvesFile.update(folder, stepsPerEpoch: stepsPerEpoch)
    }

    /// Scores the model as it is; nil when an interrupt came meanwhile.
    private func evaluation(
        of split: TrainingData.ScoredSplit
    ) throws -> SplitEvaluation.Outcome? {
        do {
            return try withAveragedWeights {
                try SplitEvaluation.run(
                    trained, on: split, workers: configuration.settings.data.workers,
                    warnings: warnings, isCancelled: { Interruption.isRequested })
            }
        } catch is CancellationError {
            return nil
        }
    }

    private func record(
        _ outcome: SplitEvaluation.Outcome, of split: TrainingData.ScoredSplit, epoch: Int
    ) throws {
        let reason = outcome.result.explanation(
            truth: split.truth, detections: outcome.detections)
        if let reason {
            let file = configuration.settings.data.val.annotations
            warnings.add(.nothingScored(reason, place: "\(file), after epoch \(epoch)"))
        }
        let stats = outcome.result.stats
        try log.evaluation(
            [("AP", stats[0]), ("AP50", stats[1]), ("AP75", stats[2]), ("AR100", stats[8])],
            epoch: epoch)
        if stats[0] > state.bestMetric {
            state.bestMetric = stats[0]
            state.bestEpoch = epoch
            try writeWeights(to: folder.bestWeights, epoch: epoch, metric: stats[0])
        }
    }

    /// Runs `body` while the model holds its averaged weights, if there are any.
    func withAveragedWeights<R>(_ body: () throws -> R) rethrows -> R {
        try average?.whileInPlace(body) ?? body()
    }

    private func save() throws {
        let epoch = (state.step + stepsPerEpoch - 1) / stepsPerEpoch
        try writeWeights(to: folder.lastWeights, epoch: epoch, metric: nil)
        try state.write(to: folder.state, trained.detector.store, optimizer, average)
    }

    private func writeWeights(to path: String, epoch: Int, metric: Double?) throws {
        var extra = ["epoch": String(epoch), "step": String(state.step)]
        if let metric { extra["metric"] = "AP \(metric)" }
        try withAveragedWeights { try trained.write(to: path, extra: extra) }
    }

    private func resume() throws {
        try folder.check(.resume)
        let file = try SafetensorsFile(path: folder.state)
        // The settings first: they name the field that makes the tensors differ.
        let changes = try ResumeCheck.compare(
            earlier: try TrainingState.read(file).configuration,
            now: try configuration.resolved, place: folder.state)
        state = try TrainingState.restore(
            from: file, trained.detector.store, optimizer, average)
        try ResumedMetrics(
            step: state.step, stepsPerEpoch: stepsPerEpoch,
            isEvaluationDue: state.isEvaluationDue
        ).trim(folder)
        try changes.forEach { try log.note($0) }
    }
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}

extension ImageTargets {
    /// The targets as a head takes them.
    var detectionTargets: DetectionTargets {
        func box(_ box: BoxXYXY) -> Box { Box(x1: box.x0, y1: box.y0, x2: box.x1, y2: box.y1) }
        return DetectionTargets(
            boxes: boxes.map(box), labels: labels, ignoredBoxes: ignored.map(box),
            paddedExtent: ImageExtent(height: validSize.height, width: validSize.width))
    }
}
