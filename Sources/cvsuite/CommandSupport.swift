import ArgumentParser
import Files
import Foundation
import JSONText
import Parallelism
import Prediction
import Synchronization
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
    /// Why standard output could not be written, once that has happened.
    private static let failure = Mutex<WorkError?>(nil)

    /// Writes a line to standard output; `check` tells whether all lines arrived.
    static func result(_ line: String) {
        guard let code = write(line, to: STDOUT_FILENO) else { return }
        let error = WorkError(
            what: "the result cannot be written: " + String(cString: strerror(code)),
            place: "standard output", fix: "check where it goes, and the free space there",
            exitCode: 1)
        failure.withLock { $0 = $0 ?? error }
    }

    /// Writes a line to standard error; a lost line of a log ends no work.
    static func error(_ line: String) {
        _ = write(line, to: STDERR_FILENO)
    }

    /// Ends the command if a line of its result was lost.
    ///
    /// - Throws: `WorkError` with code 1.
    static func check() throws {
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// Writes a line and gives the number of the system's error, if there is one.
    private static func write(_ line: String, to descriptor: Int32) -> Int32? {
        // Names of files may hold bytes that would steer a terminal.
        let bytes = (line + "\n").utf8.map { $0 < 0x20 && $0 != 0x0A && $0 != 0x09 ? 0x3F : $0 }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Foundation.write(
                    descriptor, buffer.baseAddress.map { $0 + done }, bytes.count - done)
            }
            if count > 0 {
                done += count
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
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
            try CommandOutput.check()
        } catch let error as ExitCode {
            throw error
        } catch let error as any DescribedError {
            CommandOutput.error(error.description)
            throw ExitCode((error as? any ExitCoded)?.exitCode ?? 2)
        } catch let error as ValidationError {
            throw error
        } catch {
            let failure = WorkError(
                what: error.systemReason, place: CommandLine.arguments.joined(separator: " "),
                fix: "check the paths that were named, and the free space")
            CommandOutput.error(failure.description)
            throw CommandExit.failed
        }
    }
}
