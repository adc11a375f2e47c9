import Annotations
import Files
import Foundation
import Imaging
import JSONText

/// The output folder of a prediction: results, overlays and crops, and a summary.
struct PredictionFolder {
    let path: String

    /// What may stand in such a folder.
    private static let parts = [
        "predictions.json", "images.json", "summary.json", "overlays", "masks", "crops",
    ]

    /// Refuses a taken folder unless it may be replaced, then makes it.
    ///
    /// - Parameters:
    ///   - path: The folder.
    ///   - overwrites: Whether earlier results there are removed.
    /// - Throws: `WorkError` when it is taken or cannot be made.
    init(_ path: String, overwrites: Bool) throws(WorkError) {
        self.path = path
        let manager = FileManager.default
        var isFolder: ObjCBool = false
        let exists = manager.fileExists(atPath: path, isDirectory: &isFolder)
        let names = (try? manager.contentsOfDirectory(atPath: path)) ?? []
        if exists, !isFolder.boolValue {
            throw WorkError(
                what: "the output is a file", place: path, fix: "name a folder for --output")
        }
        if !names.isEmpty {
            let strange = names.filter { !Self.parts.contains($0) }
            guard overwrites, strange.isEmpty else {
                throw WorkError(
                    what: overwrites
                        ? "the output folder holds something that is no prediction: "
                            + (strange.first ?? "")
                        : "the output folder exists already", place: path,
                    fix: overwrites
                        ? "name another --output" : "replace it with --overwrite or name another")
            }
        }
        do {
            for name in names { try manager.removeItem(atPath: path + "/" + name) }
            try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw WorkError(
                what: "the output folder cannot be made: \(error.systemReason)",
                place: path, fix: "check the path and its permissions")
        }
    }

    /// Writes a picture under a part of the folder, repeating the input's relative path and name.
    ///
    /// - Parameters:
    ///   - image: The picture.
    ///   - part: `overlays` or `crops`.
    ///   - name: Relative path of the input; a PNG stays a PNG, all else becomes JPEG.
    /// - Throws: `WorkError` when it cannot be written.
    func write(_ image: Image, part: String, name: String) throws(WorkError) {
        let safe = name.split(separator: "/").filter { $0 != ".." }.joined(separator: "/")
        let file = path + "/" + part + "/" + safe
        let folder = (file as NSString).deletingLastPathComponent
        let isPNG = (file as NSString).pathExtension.lowercased() == "png"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            try ImageEncoder.write(image, to: file, isPNG ? .png() : .jpeg())
        } catch {
            let reason = (error as? ImageError)?.what ?? error.systemReason
            throw WorkError(
                what: "a picture cannot be written: \(reason)", place: file,
                fix: "check the free space and permissions", exitCode: 1)
        }
    }

    /// Writes a JSON document as a whole or not at all.
    ///
    /// - Parameters:
    ///   - value: The document.
    ///   - name: Its file name.
    /// - Throws: `WorkError` when it cannot be written.
    func write(_ value: JSONValue, name: String) throws(WorkError) {
        let file = path + "/" + name
        do throws(FileError) {
            try AtomicFile.write(Array((value.text(.pretty) + "\n").utf8), to: file)
        } catch {
            throw WorkError(what: error.what, place: file, fix: error.fix, exitCode: 1)
        }
    }
}
