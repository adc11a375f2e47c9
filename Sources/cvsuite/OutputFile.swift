import Foundation
import Prediction

/// Files that a command was told to write, checked before its work.
enum OutputFile {
    /// Refuses goals that cannot be written, or that are inputs of the same command.
    ///
    /// - Parameters:
    ///   - goals: What is to be written.
    ///   - inputs: What is read.
    /// - Throws: `WorkError` with code 2.
    static func check(_ goals: [String?], besides inputs: [String?]) throws {
        let read = Set(inputs.compactMap(\.self).map(canonical))
        var named: Set<String> = []
        for goal in goals.compactMap(\.self) {
            guard named.insert(canonical(goal)).inserted else {
                throw WorkError(
                    what: "two outputs of the command would be the same file", place: goal,
                    fix: "name a file for each of them")
            }
            guard !read.contains(canonical(goal)) else {
                throw WorkError(
                    what: "the output is an input of the same command", place: goal,
                    fix: "name another file to write")
            }
            var isFolder: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: goal, isDirectory: &isFolder)
            let folder = (goal as NSString).deletingLastPathComponent
            guard !goal.isEmpty, !(exists && isFolder.boolValue),
                access(folder.isEmpty ? "." : folder, W_OK) == 0
            else {
                throw WorkError(
                    what: "the output cannot be written there", place: goal.isEmpty ? "\"\"" : goal,
                    fix: "name a file in a folder that exists and can be written")
            }
        }
    }

    private static func canonical(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }
}
