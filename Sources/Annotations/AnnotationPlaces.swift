import JSONText

/// Finds the lines of annotations in their file, for messages after it has been read.
///
/// Opens the file only when the first place is asked for.
public struct AnnotationPlaces {
    private let path: String
    private var source: JSONSource?

    /// Makes the places of a file.
    ///
    /// - Parameter path: path of the annotation file.
    public init(path: String) {
        self.path = path
    }

    /// Makes the places of a text that is in memory.
    ///
    /// - Parameter source: the text.
    public init(source: JSONSource) {
        path = source.name
        self.source = source
    }

    /// File, line, column, entry and id of an annotation.
    ///
    /// - Parameters:
    ///   - annotation: the annotation.
    ///   - index: its index in the file's list.
    /// - Returns: the place as messages give it; without a line if the file is gone meanwhile.
    public mutating func place(of annotation: COCOAnnotation, index: Int) -> String {
        if source == nil { source = try? JSONSource(path: path) }
        let start = source?.place(at: annotation.offset) ?? path
        return "\(start), annotations[\(index)] (id \(annotation.id))"
    }
}
