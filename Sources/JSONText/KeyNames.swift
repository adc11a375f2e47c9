/// Names of keys: how a property is spelt in JSON, and which known key a misspelt one means.
public enum KeyNames {
    /// The JSON key of a property, in snake_case.
    ///
    /// Goes from property to key only, so that acronyms work: `ioUThreshold` has one key, and no
    /// key has to be turned back. A word begins at a capital after a small letter or digit, and
    /// at the last capital of a run that a small letter follows: `useURLCache` is
    /// `use_url_cache`. Names in snake_case already stay as they are.
    static func snakeCase(_ property: String) -> String {
        let letters = Array(property)
        var result = ""
        for (index, letter) in letters.enumerated() {
            guard letter.isUppercase else {
                result.append(letter)
                continue
            }
            let previous = index > 0 ? letters[index - 1] : "_"
            let startsLastWord =
                previous.isUppercase && index + 1 < letters.count && letters[index + 1].isLowercase
            if previous != "_", !previous.isUppercase || startsLastWord { result.append("_") }
            result += letter.lowercased()
        }
        return result
    }

    /// The property that a key in snake_case means, for names without acronyms.
    static func camelCase(_ key: String) -> String {
        let words = key.split(separator: "_", omittingEmptySubsequences: false)
        guard let first = words.first, !first.isEmpty else { return key }
        return words.dropFirst().reduce(into: String(first)) { text, word in
            text += word.prefix(1).uppercased() + word.dropFirst()
        }
    }

    /// The candidate that is nearest to a name, if any is near enough to be meant.
    public static func nearest(to name: String, among candidates: [String]) -> String? {
        let limit = max(2, name.count / 3)
        let distances = candidates.map { ($0, distance(name.lowercased(), $0.lowercased())) }
        guard let best = distances.min(by: { $0.1 < $1.1 }), best.1 <= limit else { return nil }
        return best.0
    }

    /// Fewest insertions, deletions, replacements and swaps of neighbours between two names.
    static func distance(_ left: String, _ right: String) -> Int {
        let a = Array(left)
        let b = Array(right)
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    cost = min(cost, beforeLast[j - 1] + 1)
                }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
