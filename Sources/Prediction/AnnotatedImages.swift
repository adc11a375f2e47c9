import Annotations
import Foundation
import JSONText

/// The images that an annotation file lists, looked for in folders.
public enum AnnotatedImages {
    /// The listed images with their own ids, in the order of the file.
    ///
    /// - Parameters:
    ///   - file: COCO annotations.
    ///   - folders: Folders that file names are relative to, or files by name.
    ///   - warnings: Collects what is odd in the file.
    /// - Returns: One entry an image; a file that is not there is met when it is opened.
    /// - Throws: The reader's errors, or `WorkError` when no image is listed.
    public static func entries(file: String, folders: [String], warnings: Warnings) throws
        -> [FolderPrediction.Entry]
    {
        let dataset = try COCOReader.dataset(path: file, warnings: warnings)
        guard !dataset.images.isEmpty else {
            throw WorkError(
                what: "the annotation file lists no image", place: file,
                fix: "leave out --annotations to predict the folder as it is")
        }
        return dataset.images.map { image in
            FolderPrediction.Entry(
                image: InputImage(
                    path: path(of: image.fileName, in: folders), name: image.fileName,
                    isNamed: true), id: image.id)
        }
    }

    private static func path(of name: String, in folders: [String]) -> String {
        let spellings = [name, name.replacingOccurrences(of: "\\", with: "/")]
        let candidates = folders.flatMap { folder in spellings.map { folder + "/" + $0 } }
        let named = folders.filter { ($0 as NSString).lastPathComponent == name }
        let found = (candidates + named).first { FileManager.default.fileExists(atPath: $0) }
        return found ?? candidates.first ?? name
    }
}

/// Finds the weights in a run folder.
public enum RunWeights {
    /// The best weights of a run, or the last ones where none were chosen yet.
    ///
    /// - Parameter run: The run folder.
    /// - Returns: Path of the weights file.
    /// - Throws: `WorkError` when there are none.
    public static func path(inRun run: String) throws(WorkError) -> String {
        let candidates = ["best", "last"].map { run + "/weights/\($0).safetensors" }
        guard let path = candidates.first(where: FileManager.default.fileExists) else {
            throw WorkError(
                what: "the run folder has no weights", place: run,
                fix: "give a folder that `cvsuite train` wrote, or a file by --weights")
        }
        return path
    }
}
