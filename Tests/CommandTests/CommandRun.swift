import Foundation
import TestSupport

/// One run of the built binary: what it printed and how it ended.
struct CommandRun {
    let code: Int32
    let output: String
    let error: String

    /// The binary beside this test bundle.
    static let binary: URL = {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent("cvsuite")
            if FileManager.default.isExecutableFile(atPath: candidate.path),
                !FileManager.default.fileExists(atPath: candidate.path + "/Sources")
            {
                return candidate
            }
            folder.deleteLastPathComponent()
        }
        return folder
    }()

    private static let shell = URL(fileURLWithPath: "/bin/sh")

    /// The repository's root.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Runs the binary to its end.
    ///
    /// - Parameters:
    ///   - arguments: Its arguments.
    ///   - fileBlocks: The most blocks of 512 bytes that a file may have, as on a full disk.
    ///   - environment: Variables on top of this process's own.
    ///   - whileRunning: Called once with the process, such as to interrupt it.
    /// - Throws: The system's reason when the binary cannot be run.
    init(
        _ arguments: [String], fileBlocks: Int? = nil, environment: [String: String] = [:],
        whileRunning: ((Process) -> Void)? = nil
    ) throws {
        let limits = fileBlocks.map { "ulimit -f \($0); trap '' XFSZ; exec \"$0\" \"$@\"" }
        try self.init(
            of: limits == nil ? Self.binary : Self.shell,
            (limits.map { ["-c", $0, Self.binary.path] } ?? []) + arguments,
            environment: environment, whileRunning: whileRunning)
    }

    /// Runs a line of the shell, in which `"$0"` is the binary.
    ///
    /// - Parameter line: The line.
    /// - Throws: The system's reason when the shell cannot be run.
    init(shell line: String) throws {
        try self.init(of: Self.shell, ["-c", line, Self.binary.path])
    }

    private init(
        of program: URL, _ arguments: [String], environment: [String: String] = [:],
        whileRunning: ((Process) -> Void)? = nil
    ) throws {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = Self.root
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // Files instead of pipes: nothing fills up while the test waits.
        let folder = try TemporaryFolder()
        let files = [folder.path("out"), folder.path("err")].map { path -> FileHandle? in
            let isMade = FileManager.default.createFile(atPath: path, contents: nil)
            return isMade ? FileHandle(forWritingAtPath: path) : nil
        }
        process.standardOutput = files[0]
        process.standardError = files[1]
        try process.run()
        whileRunning?(process)
        process.waitUntilExit()
        code = process.terminationStatus
        output = try String(contentsOfFile: folder.path("out"), encoding: .utf8)
        error = try String(contentsOfFile: folder.path("err"), encoding: .utf8)
    }
}
