import Imaging

/// Looks for listed images that are missing, unreadable or of another size.
struct ImageChecks {
    private let split: DataSplit
    private let folder: String

    init(_ split: DataSplit, folder: String) {
        self.split = split
        self.folder = folder
    }

    /// What was found, a finding a kind.
    var findings: [DataFinding] {
        var missing: [COCOImage] = []
        var unreadable: [Odd] = []
        var resized: [Odd] = []
        for image in split.dataset.images {
            guard let path = image.path(in: folder) else {
                missing.append(image)
                continue
            }
            do {
                let size = try ImageDecoder.header(path: path)
                // As small as it goes; only so is it seen that a file is cut off.
                _ = try ImageDecoder.decode(
                    path: path, minimumSize: ImageSize(width: 1, height: 1))
                if let odd = disagreement(image, size) { resized.append(odd) }
            } catch {
                unreadable.append(Odd(image: image, text: error.what))
            }
        }
        return [
            missingFinding(missing),
            finding(
                "image-unreadable", unreadable, "images cannot be read",
                "copy them again, or remove them from the list"),
            finding(
                "image-size", resized, "images have another size than the file says",
                "write the size after EXIF rotation, and boxes for it"),
            equalNames(),
        ].compactMap(\.self)
    }

    /// An image and what is odd about it.
    private struct Odd {
        let image: COCOImage
        let text: String
    }

    private func disagreement(_ image: COCOImage, _ size: ImageSize) -> Odd? {
        guard image.width > 0 || image.height > 0 else { return nil }
        guard image.width != size.width || image.height != size.height else { return nil }
        let isTurned = image.width == size.height && image.height == size.width
        return Odd(
            image: image,
            text: "listed as \(image.width) x \(image.height), really \(size.width) x "
                + "\(size.height)" + (isTurned ? ", turned by EXIF" : ""))
    }

    private func missingFinding(_ missing: [COCOImage]) -> DataFinding? {
        guard let first = missing.first else { return nil }
        return DataFinding(
            severity: .problem, kind: "image-missing",
            what: "\(missing.count) listed images are not in \(folder), the first "
                + first.fileName,
            place: "\(split.path), images (id \(first.id))",
            fix: "copy them there, or remove them from the list", count: missing.count,
            examples: missing.prefix(10).map(\.fileName))
    }

    private func finding(
        _ kind: String, _ odd: [Odd], _ what: String, _ fix: String
    ) -> DataFinding? {
        guard let first = odd.first else { return nil }
        return DataFinding(
            severity: .problem, kind: kind,
            what: "\(odd.count) \(what), the first \(first.image.fileName): \(first.text)",
            place: "\(split.path), images (id \(first.image.id))", fix: fix, count: odd.count,
            examples: odd.prefix(10).map(\.image.fileName))
    }

    private func equalNames() -> DataFinding? {
        let groups = Dictionary(grouping: split.dataset.images, by: \.fileName)
        let equal = groups.values.filter { $0.count > 1 }.sorted { $0[0].id < $1[0].id }
        guard let first = equal.first else { return nil }
        return DataFinding(
            severity: .note, kind: "image-twice",
            what: "\(equal.count) files are listed under several ids, the first "
                + first[0].fileName,
            place: "\(split.path), images (id \(first[1].id))",
            fix: "list each file once", count: equal.count,
            examples: equal.prefix(10).map { $0[0].fileName })
    }
}
