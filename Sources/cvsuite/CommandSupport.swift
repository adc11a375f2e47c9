import ArgumentParser
import Files
import Foundation
import JSONText
import Parallelism
import Prediction
import Tensors
import Training

/// Exit codes beside 0 and ArgumentParser's 64.
enum CommandExit {
    /// The work failed or was only partly done.
    static let failed = ExitCode(1)
    /// Something that was named cannot be used; nothing was started.
    static let unusable = ExitCode(2)
    /// `data check` found what would make a run wrong.
    static let findings = ExitCode(3)
    /// Interrupted, with a valid checkpoint.
    static let interrupted = ExitCode(130)
}

/// An error that knows its exit code.
protocol ExitCoded: Error {
    /// The code to exit with.
    var exitCode: Int32 { get }
}

extension WorkError: ExitCoded {}

extension FileError: ExitCoded {
    /// A path that cannot be used, or work that failed, as on a full disk.
    var exitCode: Int32 { stage == .opening ? 2 : 1 }
}

/// Flags that every command has.
struct CommonOptions: ParsableArguments {
    @Option(help: "Threads; by default all that affinity and quota allow.")
    var threads: Int?

    @Option(help: "Seed of everything random.")
    var seed: Int = 0

    @Flag(help: "Print errors only.")
    var quiet = false

    @Flag(help: "Print more.")
    var verbose = false

    @Option(help: "What is printed: error, warning, info or debug.")
    var logLevel: LogLevel = .info

    /// How much is printed to standard error.
    enum LogLevel: String, ExpressibleByArgument, CaseIterable {
        case error, warning, info, debug
    }

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be from 1 to 1024")
        }
        if seed < 0 { throw ValidationError("--seed must be 0 or more") }
    }

    /// Refuses a CPU without kernels and sets the number of threads.
    ///
    /// - Throws: `WorkError` when no kernels can run.
    func begin() throws {
        if let problem = KernelChoice.problem {
            throw WorkError(what: problem, place: "", fix: "")
        }
        WorkerPool.shared.setThreadCount(threads ?? ThreadCount.available)
    }

    /// Prints a line of progress to standard error unless `--quiet` was given.
    func note(_ line: String) {
        guard !quiet, logLevel == .info || logLevel == .debug else { return }
        CommandOutput.error(line)
    }

    /// Prints a warning to standard error unless only errors were asked for.
    func warn(_ line: String) {
        guard !quiet, logLevel != .error else { return }
        CommandOutput.error(line)
    }
}

/// Writes to the two outputs, whole lines at a time.
enum CommandOutput {
    /// Writes a line to standard output.
    static func result(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    /// Writes a line to standard error.
    static func error(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }
}

/// A command whose errors are printed as three lines and decide the exit code.
protocol ReportingCommand: ParsableCommand {
    /// Flags that every command has.
    var common: CommonOptions { get }

    /// Does the work.
    func perform() throws
}

extension ReportingCommand {
    func run() throws {
        do {
            try common.begin()
            try perform()
        } catch let error as ExitCode {
            throw error
        } catch let error as any DescribedError {
            CommandOutput.error(error.description)
            throw ExitCode((error as? any ExitCoded)?.exitCode ?? 2)
        }
    }
}
