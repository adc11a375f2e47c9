import ArgumentParser
import Catalogue
import Layers

/// `cvsuite features`: one forward pass on a file, and its gradients.
struct Features: ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write every output of a backbone for images in a file.",
        discussion: """
            Files are safetensors with [N, C, H, W]; images stand under "input".

            Examples:
              cvsuite features --model van_b0 --weights van_b0.pth --input x.safetensors \
            --output y.safetensors
              cvsuite features --arch van.json --mode train --input x.safetensors \
            --cotangents c.safetensors --gradients g.safetensors
            """)

    /// Evaluation or training.
    enum Mode: String, ExpressibleByArgument, CaseIterable {
        case eval, train
    }

    @OptionGroup var common: CommonOptions
    @Option(help: "A published network; `cvsuite models` lists them.") var model: String?
    @Option(help: "A JSON file with name and arguments of a backbone.") var arch: String?
    @Option(help: "A checkpoint: safetensors or PyTorch.") var weights: String?
    @Flag(help: "Take what fits of the checkpoint, list the rest; it has initial values.")
    var partial = false
    @Flag(help: "Compute the weights from their names.") var formula = false
    @Option(help: "The images.") var input: String
    @Option(help: "Gets the outputs.") var output: String?
    @Option(help: "eval or train.") var mode = Mode.eval
    @Flag(help: "Replay a plan, as predictions do; for --mode eval.") var plan = false
    @Option(help: "What the outputs are multiplied by for gradients.") var cotangents: String?
    @Option(help: "Gets the gradients; needs --cotangents.") var gradients: String?
    @Option(help: "Gets the buffers after the pass.") var buffers: String?
    @Option(help: "Gets the weights before the pass.") var weightsOutput: String?

    func validate() throws {
        guard (model == nil) != (arch == nil) else {
            throw ValidationError("give either --model or --arch")
        }
        guard !formula || weights == nil else {
            throw ValidationError("give either --weights or --formula")
        }
        guard !partial || weights != nil else {
            throw ValidationError("--partial needs --weights")
        }
        guard !plan || (mode == .eval && cotangents == nil) else {
            throw ValidationError("--plan is for --mode eval without --cotangents")
        }
        guard (cotangents == nil) == (gradients == nil) else {
            throw ValidationError("--cotangents and --gradients belong together")
        }
    }

    func perform() throws {
        try OutputFile.check(
            [output, gradients, buffers, weightsOutput], besides: [weights, input, cotangents])
        let architecture =
            try model.map { try Architecture(published: $0) }
            ?? Architecture(path: arch ?? "")
        let mode: Context.Mode = mode == .train ? .training : .evaluation
        let run = try FeatureRun(architecture, source, mode: mode)
        run.misfits.forEach(common.note)
        if let weightsOutput { try run.writeWeights(to: weightsOutput) }
        var files = FeatureRun.Files(
            input: input, output: output, cotangents: cotangents, gradients: gradients)
        files.execution = plan ? .plan : .direct
        try run.run(files, mode)
        if let buffers { try run.writeBuffers(to: buffers) }
    }

    /// Where the parameters come from.
    private var source: FeatureRun.Weights {
        let seed = UInt64(common.seed)
        guard let weights else { return formula ? .formula : .initial(seed: seed) }
        return partial ? .part(of: weights, seed: seed) : .file(weights)
    }
}
