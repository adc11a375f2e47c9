import Foundation

/// The folder that file names of an annotation file are relative to.
struct ImageFolder {
    private let path: String

    init(path: String) { self.path = path }

    /// Whether the folder exists.
    var exists: Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && isFolder.boolValue
    }

    /// Finds a file by its listed name.
    ///
    /// A backslash is tried as a separator when the name as it stands is not there.
    ///
    /// - Parameter name: Relative to the folder; sub-folders and any Unicode are fine.
    /// - Returns: The path of the file, or of where it was expected, and whether it is there.
    func find(_ name: String) -> Found {
        let plain = Found(path: path + "/" + name)
        guard !plain.isThere, name.contains("\\") else { return plain }
        let separated = Found(
            path: path + "/" + name.replacingOccurrences(of: "\\", with: "/"))
        return separated.isThere ? separated : plain
    }

    /// The result of a search.
    struct Found {
        let path: String
        let isThere: Bool

        init(path: String) {
            self.path = path
            var isFolder: ObjCBool = false
            isThere =
                FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
                && !isFolder.boolValue
        }
    }
}
