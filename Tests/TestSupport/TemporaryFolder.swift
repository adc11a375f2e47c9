import Foundation

/// A folder that disappears with its owner.
public final class TemporaryFolder: Sendable {
    /// Where it is.
    public let path = NSTemporaryDirectory() + "cvsuite-test-" + UUID().uuidString

    /// Makes an empty folder.
    ///
    /// - Throws: The system's reason.
    public init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a name inside.
    ///
    /// - Parameter name: A name, or a path relative to the folder.
    /// - Returns: Its path.
    public func path(_ name: String) -> String { path + "/" + name }

    /// The text of a file inside, or nil when there is none.
    ///
    /// - Parameter name: Its name.
    /// - Returns: Its content as UTF-8.
    public func text(_ name: String) -> String? {
        try? String(contentsOfFile: path(name), encoding: .utf8)
    }

    /// The names inside, sorted; hidden ones too.
    public var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }
}
