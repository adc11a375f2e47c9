import Datasets
import JSONText

/// Where the images and annotations of a run are: the part `data` of a config.
public struct DataConfiguration: Configuration, Equatable {
    /// Folder that the other paths are relative to; relative itself to the working directory.
    public var root = ""
    /// What is trained on.
    public var train = SplitConfiguration(annotations: "annotations/train.json")
    /// What is scored between epochs, and chooses the best weights; no annotations for none.
    public var val = SplitConfiguration(annotations: "annotations/val.json")
    /// What `eval --split test` scores; no annotations for none.
    public var test = SplitConfiguration(annotations: "annotations/test.json")
    /// Number of classes, or `"auto"` for the categories that the training file lists.
    public var numClasses = ClassCount.auto
    /// What becomes of a listed image that is missing or cannot be decoded.
    public var onBadImage = BadImagePolicy.drop
    /// Threads that decode and augment ahead; 0 does it between the steps.
    public var workers = 1
    /// Megabytes of decoded images that may be kept in memory.
    public var cacheMb = 2048

    /// The defaults.
    public init() {}

    /// Checks ranges.
    ///
    /// - Throws: `ConfigurationError` naming the key.
    public func validate() throws {
        try demandRange((0...64).contains(workers), "workers", "from 0 to 64")
        try demandRange((0...1_048_576).contains(cacheMb), "cache_mb", "from 0 to 1048576")
        try demandRange(!train.annotations.isEmpty, "train.annotations", "the path of a file")
        if case .exactly(let count) = numClasses {
            try demandRange(
                (1...100_000).contains(count), "num_classes", "\"auto\" or from 1 to 100000")
        }
    }

    /// The split of a name, or nil.
    ///
    /// - Parameter name: `train`, `val` or `test`.
    /// - Returns: Its paths.
    public func split(named name: String) -> SplitConfiguration? {
        switch name {
        case "train": train
        case "val": val
        case "test": test
        default: nil
        }
    }

    /// A path relative to `root`.
    ///
    /// - Parameter path: Relative or absolute.
    /// - Returns: The path to open.
    public func resolved(_ path: String) -> String {
        root.isEmpty || path.hasPrefix("/") ? path : root + (root.hasSuffix("/") ? "" : "/") + path
    }
}

/// One split of a data set.
public struct SplitConfiguration: Codable, Sendable, Equatable {
    /// COCO annotation file, relative to `root`; empty for none.
    public var annotations: String
    /// Folder that the file names are relative to, itself relative to `root`.
    public var images: String

    /// Makes a split.
    ///
    /// - Parameters:
    ///   - annotations: COCO annotation file.
    ///   - images: Folder of the images.
    public init(annotations: String, images: String = "images") {
        self.annotations = annotations
        self.images = images
    }
}

/// A number of classes, or the wish to count them.
public enum ClassCount: Codable, Sendable, Equatable {
    /// As many as the training file lists categories.
    case auto
    /// A number that the training file must agree with.
    case exactly(Int)

    /// Reads `"auto"` or a number.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            guard text == "auto" else {
                throw ConfigurationError(
                    what: "\"\(text)\" is no number of classes", key: "",
                    fix: "write \"auto\" or a number")
            }
            self = .auto
        } else {
            self = .exactly(try container.decode(Int.self))
        }
    }

    /// Writes `"auto"` or the number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .auto: try container.encode("auto")
        case .exactly(let count): try container.encode(count)
        }
    }
}

extension ClassCount {
    /// The number, or nil where it is to be counted.
    public var count: Int? {
        guard case .exactly(let count) = self else { return nil }
        return count
    }
}
