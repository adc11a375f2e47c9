import JSONText
import Synchronization

/// What becomes of an image that is listed but missing or cannot be decoded.
public enum BadImagePolicy: String, Sendable, Codable, CaseIterable {
    /// It is left out, named and counted; more than 5 % of a set are refused.
    case drop
    /// The first one ends the work.
    case stop
}

/// Counts the images of a set that cannot be used; all threads share it.
final class BadImages: Sendable {
    private let policy: BadImagePolicy
    /// Images of the set as listed.
    private let total: Int
    /// The annotation file.
    private let listName: String
    private let state = Mutex(State())

    private struct State {
        var files: [String] = []
        var firstReason = ""
        var pending: [Warning] = []
    }

    private static let largestPart = 0.05
    private static let namedFiles = 10

    /// Makes the count of a set.
    ///
    /// - Parameters:
    ///   - policy: What becomes of bad images.
    ///   - total: Images of the set as listed.
    ///   - listName: The annotation file, for messages.
    init(policy: BadImagePolicy, total: Int, listName: String) {
        self.policy = policy
        self.total = total
        self.listName = listName
    }

    /// How many there are.
    var count: Int { state.withLock { $0.files.count } }

    /// Notes an image that cannot be used; the same file counts once.
    ///
    /// - Parameter image: The image with what is wrong.
    /// - Throws: `DatasetError` if the policy is to stop.
    func add(_ image: BadImage) throws(DatasetError) {
        guard policy == .drop else { throw image.error }
        state.withLock { state in
            guard !state.files.contains(image.path) else { return }
            if state.files.isEmpty { state.firstReason = image.reason }
            state.files.append(image.path)
            state.pending.append(image.warning)
        }
    }

    /// Refuses a set of which too many images are bad.
    ///
    /// - Throws: `DatasetError` naming the first ten, above 5 %.
    func check() throws(DatasetError) {
        let (files, reason) = state.withLock { ($0.files, $0.firstReason) }
        guard Double(files.count) > Self.largestPart * Double(total) else { return }
        let more = files.count > Self.namedFiles ? ", ..." : ""
        throw DatasetError(
            what: "\(files.count) of \(total) images are missing or cannot be used: "
                + files.prefix(Self.namedFiles).joined(separator: ", ") + more
                + (files.count == 1 ? "; " : "; of the first ") + reason,
            place: listName,
            fix: "bring the files back or take them off the list; up to 5 % may be bad")
    }

    /// The warnings since the last call.
    func takeWarnings() -> [Warning] {
        state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
    }
}
