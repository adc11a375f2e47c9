/// Looks for annotations of one file that would make a run wrong.
struct AnnotationChecks {
    private let split: DataSplit
    private let images: [COCOIdentifier: COCOImage]

    init(_ split: DataSplit) {
        self.split = split
        images = Dictionary(split.dataset.images.map { ($0.id, $0) }) { first, _ in first }
    }

    /// What was found, worst first.
    var findings: [DataFinding] {
        guard let annotations = split.dataset.annotations else {
            return [
                finding(
                    .problem, "no-annotations", "the file has no \"annotations\"",
                    "name an annotation file with objects")
            ]
        }
        return [unlisted(annotations), overhanging(annotations)].compactMap(\.self)
            + dropped()
            + [firstIDZero(annotations), repeated(annotations), withoutObjects(annotations)]
            .compactMap(\.self)
    }

    // MARK: - Kinds

    private func unlisted(_ annotations: [COCOAnnotation]) -> DataFinding? {
        let listed = Set(split.dataset.categories.map(\.id))
        let found = annotations.indices.filter { !listed.contains(annotations[$0].categoryID) }
        guard let first = found.first else { return nil }
        let id = annotations[first].categoryID
        return finding(
            .problem, "category-unlisted",
            "\(found.count) annotations have a category that is not listed, the first \(id)",
            "list the category, or remove its annotations", at: found)
    }

    /// Boxes that run out of their image, as sizes do that are really second corners.
    private func overhanging(_ annotations: [COCOAnnotation]) -> DataFinding? {
        let found = annotations.indices.filter { index in
            let annotation = annotations[index]
            guard let image = images[annotation.imageID] else { return false }
            return !annotation.isCrowd && Self.isOverhanging(annotation.box, image)
        }
        guard !found.isEmpty else { return nil }
        let fitsAsCorners = found.allSatisfy { index in
            guard let image = images[annotations[index].imageID] else { return false }
            return Self.fitsAsCorners(annotations[index].box, image)
        }
        return finding(
            .problem, "box-runs-out", "\(found.count) boxes run out of their image",
            fitsAsCorners
                ? "write [x, y, width, height]; these fit if read as two corners"
                : "correct the boxes, or the size of the image", at: found)
    }

    /// Whether a box runs out of its image by more than rounding and careless drawing explain:
    /// 2 pixels and a twentieth of the side.
    private static func isOverhanging(_ box: BoxXYWH, _ image: COCOImage) -> Bool {
        guard image.width > 0, image.height > 0 else { return false }
        let width = Double(image.width)
        let height = Double(image.height)
        let x = max(2, width / 20)
        let y = max(2, height / 20)
        return box.x < -x || box.y < -y || box.x + box.width > width + x
            || box.y + box.height > height + y
    }

    private static func fitsAsCorners(_ box: BoxXYWH, _ image: COCOImage) -> Bool {
        box.x >= 0 && box.y >= 0 && box.width > box.x && box.height > box.y
            && box.width <= Double(image.width) + 1 && box.height <= Double(image.height) + 1
    }

    /// What training would leave out, a finding a reason; crowds matter only if all are.
    private func dropped() -> [DataFinding] {
        let selection = TrainingSelection(split.dataset, targets: .boxes)
        return selection.counts.map { entry in
            let indices = selection.dropped.filter { $0.reason == entry.reason }.map(\.index)
            let isUsual = entry.reason == .crowd && !selection.kept.isEmpty
            return finding(
                isUsual ? .note : .problem, "\(entry.reason)",
                "\(entry.count) annotations are left out of training: each "
                    + entry.reason.rawValue,
                isUsual ? "" : "correct or remove them", at: indices)
        }
    }

    private func firstIDZero(_ annotations: [COCOAnnotation]) -> DataFinding? {
        let found = annotations.indices.filter { annotations[$0].id == .number(0) }
        guard !found.isEmpty else { return nil }
        return finding(
            .note, "id-zero", "an annotation has the id 0, which pycocotools takes for no match",
            "let annotation ids begin with 1", at: found)
    }

    /// Equal boxes of one category in one image, as a file that was merged with itself has them.
    private func repeated(_ annotations: [COCOAnnotation]) -> DataFinding? {
        struct Place: Hashable {
            let image: COCOIdentifier
            let category: COCOIdentifier
            let box: BoxXYWH
        }
        var seen: Set<Place> = []
        let found = annotations.indices.filter { index in
            let entry = annotations[index]
            let place = Place(image: entry.imageID, category: entry.categoryID, box: entry.box)
            return !seen.insert(place).inserted
        }
        guard !found.isEmpty else { return nil }
        return finding(
            .note, "box-twice",
            "\(found.count) annotations repeat the box of another of their image and category",
            "keep one of each, or every detection of it counts one object as missed", at: found)
    }

    private func withoutObjects(_ annotations: [COCOAnnotation]) -> DataFinding? {
        let used = Set(annotations.map(\.imageID))
        let empty = split.dataset.images.filter { !used.contains($0.id) }
        if annotations.isEmpty {
            return finding(
                .problem, "no-objects", "the file has no objects", "name a file with objects")
        }
        guard !empty.isEmpty else { return nil }
        return DataFinding(
            severity: .note, kind: "images-without-objects",
            what: "\(empty.count) of \(split.dataset.images.count) images have no objects",
            place: split.path, fix: "", count: empty.count,
            examples: empty.prefix(10).map { $0.id.description })
    }

    // MARK: - Making findings

    private func finding(
        _ severity: DataFinding.Severity, _ kind: String, _ what: String, _ fix: String,
        at indices: [Int] = []
    ) -> DataFinding {
        let annotations = split.dataset.annotations ?? []
        var places = AnnotationPlaces(source: split.source)
        let place = indices.first.map { places.place(of: annotations[$0], index: $0) }
        return DataFinding(
            severity: severity, kind: kind, what: what, place: place ?? split.path, fix: fix,
            count: max(indices.count, 1),
            examples: indices.prefix(10).map { annotations[$0].id.description })
    }
}
