import JSONText
import Layers

/// A model, weights or input that was named and cannot be used.
public struct CatalogueError: DescribedError, Equatable {
    /// What went wrong.
    public let what: String
    /// The file, with a JSON path or tensor where one is at fault.
    public let place: String
    /// What the user can do.
    public let fix: String

    /// Makes an error from its three sentences.
    public init(what: String, place: String, fix: String) {
        self.what = what
        self.place = place
        self.fix = fix
    }
}

extension LoadingError: DescribedError {}
