import Files
import Foundation
import JSONText
import Prediction

/// A folder that holds everything of one training run.
///
/// ```
/// config.json  log.txt  metrics.jsonl  curves.svg
/// weights/last.safetensors  weights/best.safetensors
/// state/last.safetensors  samples/  eval/
/// ```
public struct RunFolder: Sendable {
    /// What to do when the folder exists.
    public enum Policy: Sendable {
        /// Refuse.
        case refuse
        /// Remove what a run wrote there, and begin anew.
        case overwrite
        /// Go on from its state.
        case resume
    }

    /// Path of the folder.
    public let path: String

    /// Names a run folder; nothing is made.
    ///
    /// - Parameter path: Path of the folder.
    public init(path: String) { self.path = path }

    /// The resolved configuration.
    public var configuration: String { path + "/config.json" }
    /// The log as text.
    public var log: String { path + "/log.txt" }
    /// One JSON object an interval and an evaluation.
    public var metrics: String { path + "/metrics.jsonl" }
    /// The curves as a picture.
    public var curves: String { path + "/curves.svg" }
    /// Weights after the last step.
    public var lastWeights: String { path + "/weights/last.safetensors" }
    /// Weights of the best evaluation.
    public var bestWeights: String { path + "/weights/best.safetensors" }
    /// All that resuming needs.
    public var state: String { path + "/state/last.safetensors" }
    /// Augmented inputs and predictions as pictures.
    public var samples: String { path + "/samples" }
    /// Results of evaluations.
    public var evaluation: String { path + "/eval" }

    /// Whether a run was begun there.
    public var exists: Bool { FileManager.default.fileExists(atPath: configuration) }

    /// Whether anything stands at the path.
    public var isTaken: Bool {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            return FileManager.default.fileExists(atPath: path)
        }
        return !names.isEmpty
    }

    /// Refuses a folder that must not be touched; changes nothing.
    ///
    /// - Parameter policy: What the user asked for.
    /// - Throws: `WorkError` when the folder is taken and nothing was said, or when there is
    ///   nothing to resume.
    public func check(_ policy: Policy) throws(WorkError) {
        switch policy {
        case .refuse:
            guard isTaken else { return }
            throw WorkError(
                what: "the run folder exists already", place: path,
                fix: "go on with --resume, replace it with --overwrite, or name another --output")
        case .overwrite:
            guard isTaken, !exists else { return }
            throw WorkError(
                what: "the folder holds something that is no run", place: path,
                fix: "name another --output; only folders of runs are overwritten")
        case .resume:
            guard !FileManager.default.fileExists(atPath: state) else { return }
            throw WorkError(
                what: exists
                    ? "the run ended before its first state was saved"
                    : "there is no run to resume", place: path,
                fix: exists ? "begin it anew with --overwrite" : "leave out --resume to begin one")
        }
    }

    /// Makes the folder with its sub-folders, or empties what a run left there.
    ///
    /// - Parameter policy: What the user asked for.
    /// - Throws: `WorkError` when the system refuses.
    public func prepare(_ policy: Policy) throws(WorkError) {
        try check(policy)
        let manager = FileManager.default
        if policy == .overwrite {
            for name in [
                configuration, log, metrics, curves, path + "/weights", path + "/state", samples,
                evaluation,
            ] where manager.fileExists(atPath: name) {
                try attempt("cannot be removed", name) { try manager.removeItem(atPath: name) }
            }
        }
        if policy == .resume { try removePartialFiles() }
        for name in ["/weights", "/state", "/samples", "/eval"] {
            try attempt("cannot be made", path + name) {
                try manager.createDirectory(
                    atPath: path + name, withIntermediateDirectories: true)
            }
        }
    }

    /// Removes what a process that was killed while writing left beside weights and state.
    private func removePartialFiles() throws(WorkError) {
        for folder in [path + "/weights", path + "/state"] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            for name in names where name.hasSuffix(".partial") {
                try attempt("cannot be tidied", folder + "/" + name) {
                    try FileManager.default.removeItem(atPath: folder + "/" + name)
                }
            }
        }
    }

    /// Makes the folder of evaluations where a run came without one.
    ///
    /// - Throws: `WorkError` when the system refuses.
    func prepareEvaluation() throws(WorkError) {
        try attempt("cannot be made", evaluation) {
            try FileManager.default.createDirectory(
                atPath: evaluation, withIntermediateDirectories: true)
        }
    }

    private func attempt(_ what: String, _ place: String, _ body: () throws -> Void)
        throws(WorkError)
    {
        do { try body() } catch {
            throw WorkError(
                what: "the run folder \(what): \(error.systemReason)", place: place,
                fix: "check the path, its permissions and the free space")
        }
    }

    /// Writes a small file as a whole or not at all.
    ///
    /// - Parameters:
    ///   - text: Its content.
    ///   - file: Its path.
    /// - Throws: `WorkError` with the system's reason; an earlier file stays.
    public func write(_ text: String, to file: String) throws(WorkError) {
        do throws(FileError) {
            try AtomicFile.write(Array(text.utf8), to: file)
        } catch {
            throw WorkError(what: error.what, place: file, fix: error.fix, exitCode: 1)
        }
    }

    /// Adds a line to a file that grows.
    ///
    /// - Parameters:
    ///   - line: The line, without its end.
    ///   - file: Its path.
    /// - Throws: `WorkError` when it cannot be written whole.
    public func append(_ line: String, to file: String) throws(WorkError) {
        let failed = WorkError(
            what: "a line cannot be added", place: file, fix: "check the free space", exitCode: 1)
        guard let handle = fopen(file, "a") else { throw failed }
        let data = Array((line + "\n").utf8)
        let written = fwrite(data, 1, data.count, handle)
        guard fclose(handle) == 0, written == data.count else { throw failed }
    }
}
