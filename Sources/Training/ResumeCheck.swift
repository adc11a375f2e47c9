import JSONText
import Prediction

/// Compares the configuration of a run with the one it is resumed with.
enum ResumeCheck {
    /// Fields that may change between two parts of a run.
    private static let free = [
        "data.root", "data.workers", "data.cache_mb", "training.epochs", "training.log_interval",
        "training.evaluation_interval",
    ]

    /// Lists what changed, or refuses.
    ///
    /// - Parameters:
    ///   - earlier: The configuration of the run as JSON text.
    ///   - now: The configuration that it is resumed with.
    ///   - place: The file that holds the earlier one.
    /// - Returns: A line for each field that changed and may.
    /// - Throws: `WorkError` naming the first field that changed and may not.
    static func compare(earlier: String, now: JSONValue, place: String) throws -> [String] {
        let before = try JSONValue(parsing: JSONSource(bytes: Array(earlier.utf8), name: place))
        var old: [String: String] = [:]
        var new: [String: String] = [:]
        flatten(before, "", &old)
        flatten(now, "", &new)
        var lines: [String] = []
        for key in Set(old.keys).union(new.keys).sorted() where old[key] != new[key] {
            let change = "\(key) was \(old[key] ?? "absent") and is \(new[key] ?? "absent") now"
            guard free.contains(key) else {
                throw WorkError(
                    what: "a resumed run cannot change \(change)", place: place,
                    fix: "resume with the configuration of the run, or begin another --output")
            }
            lines.append("resumed: " + change)
        }
        return lines
    }

    private static func flatten(
        _ value: JSONValue, _ path: String, _ fields: inout [String: String]
    ) {
        if let object = value.object {
            for member in object.members {
                flatten(member.value, path.isEmpty ? member.key : path + "." + member.key, &fields)
            }
        } else {
            fields[path] = value.text(.compact)
        }
    }
}
