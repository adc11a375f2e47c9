import Foundation
import Imaging
import JSONText

/// An image file to predict, and the name under which its results are kept.
public struct InputImage: Sendable, Equatable {
    /// Path to open.
    public let path: String
    /// Path relative to the folder that was named, or the file's name.
    public let name: String
    /// Whether the file was named on the command line, and not found in a folder.
    public let isNamed: Bool

    /// Makes an entry.
    ///
    /// - Parameters:
    ///   - path: Path to open.
    ///   - name: Path relative to the folder that was named, or the file's name.
    ///   - isNamed: Whether the file itself was named on the command line.
    public init(path: String, name: String, isNamed: Bool) {
        self.path = path
        self.name = name
        self.isNamed = isNamed
    }
}

/// Finds the images of a command line: files, and folders in natural order of their paths.
///
/// Names that begin with a dot and `__MACOSX` are passed over; links are followed, a folder that
/// was met before is not entered again; files that are no images are passed over unless they are
/// named on the command line or end in `.jpg`, `.jpeg` or `.png`.
public struct ImageWalk {
    private let isRecursive: Bool
    // Bytes, because texts that only look alike, as with composed letters, are equal as texts.
    private var visited: Set<[UInt8]> = []
    private var found: [InputImage] = []
    private var names: [[UInt8]: [UInt8]] = [:]

    private init(isRecursive: Bool) { self.isRecursive = isRecursive }

    /// Finds all images.
    ///
    /// - Parameters:
    ///   - inputs: Files and folders as given.
    ///   - isRecursive: Whether folders in folders are entered.
    /// - Returns: The images in order, each once.
    /// - Throws: `WorkError` when an input does not exist or there is no image at all.
    public static func images(in inputs: [String], isRecursive: Bool) throws(WorkError)
        -> [InputImage]
    {
        var walk = ImageWalk(isRecursive: isRecursive)
        for input in inputs { try walk.visit(input) }
        guard !walk.found.isEmpty else {
            throw WorkError(
                what: "there is no image", place: inputs.joined(separator: ", "),
                fix: isRecursive
                    ? "name files, or a folder that holds JPEG or PNG files"
                    : "name files or a folder that holds JPEG or PNG files, or add --recursive")
        }
        return walk.found
    }

    private mutating func visit(_ input: String) throws(WorkError) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: input, isDirectory: &isFolder) else {
            throw WorkError(
                what: "the input does not exist", place: input, fix: "check the path")
        }
        if isFolder.boolValue {
            try enter(input, relative: "")
        } else {
            add(input, (input as NSString).lastPathComponent, isNamed: true)
        }
    }

    private mutating func enter(_ folder: String, relative: String) throws(WorkError) {
        let real = Self.realPath(folder)
        guard visited.insert(real).inserted else { return }
        guard let entries = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw WorkError(
                what: "the folder cannot be listed", place: folder, fix: "check its permissions")
        }
        for name in entries.sorted(by: NaturalOrder.precedes) {
            if name.hasPrefix(".") || name == "__MACOSX" { continue }
            let path = folder + "/" + name
            let inner = relative.isEmpty ? name : relative + "/" + name
            var isFolder: ObjCBool = false
            // A link to nothing is a file here, so that a picture that is gone is reported.
            _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            if !isFolder.boolValue {
                if Self.isCandidate(path) { add(path, inner, isNamed: false) }
            } else if isRecursive {
                try enter(path, relative: inner)
            }
        }
    }

    /// Adds a file under a name that no earlier one has, so that results never meet.
    private mutating func add(_ path: String, _ name: String, isNamed: Bool) {
        let real = Self.realPath(path)
        if names[Array(name.utf8)] == real { return }
        var free = name
        var count = 2
        while names[Array(free.utf8)] != nil {
            free = "\(count)/" + name
            count += 1
        }
        names[Array(free.utf8)] = real
        found.append(InputImage(path: path, name: free, isNamed: isNamed))
    }

    /// The one path of a file or folder, without links; the path itself if there is no such file.
    private static func realPath(_ path: String) -> [UInt8] {
        guard let resolved = realpath(path, nil) else { return Array(path.utf8) }
        defer { free(resolved) }
        return Array(String(cString: resolved).utf8)
    }

    private static func isCandidate(_ path: String) -> Bool {
        let ending = (path as NSString).pathExtension.lowercased()
        return ["jpg", "jpeg", "png"].contains(ending) || ImageDecoder.isImage(path: path)
    }
}

/// The order in which people sort names: runs of digits by their value.
public enum NaturalOrder {
    /// Whether one name stands before another.
    ///
    /// - Parameters:
    ///   - left: A name.
    ///   - right: Another.
    /// - Returns: True if `left` comes first; names that differ only in leading zeros keep the
    ///   order of their bytes.
    public static func precedes(_ left: String, _ right: String) -> Bool {
        let a = Array(left.utf8)
        let b = Array(right.utf8)
        var i = 0
        var j = 0
        while i < a.count, j < b.count {
            if isDigit(a[i]), isDigit(b[j]) {
                let first = digits(a, &i)
                let second = digits(b, &j)
                if first.count != second.count { return first.count < second.count }
                if first != second { return first.lexicographicallyPrecedes(second) }
            } else if a[i] != b[j] {
                return a[i] < b[j]
            } else {
                i += 1
                j += 1
            }
        }
        if i < a.count || j < b.count { return j < b.count }
        return a.lexicographicallyPrecedes(b)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

    /// The run of digits at an index, without leading zeros; moves the index behind it.
    private static func digits(_ bytes: [UInt8], _ index: inout Int) -> ArraySlice<UInt8> {
        let start = index
        while index < bytes.count, isDigit(bytes[index]) { index += 1 }
        return bytes[start..<index].drop { $0 == 48 }
    }
}
