import JSONText

/// Looks for everything in annotation files and their images that would make a run wrong.
public enum DataCheck {
    /// Checks annotation files against one images folder and against each other.
    ///
    /// - Parameters:
    ///   - paths: paths of the annotation files; one whose name begins with `train`, else the
    ///     first, is the one that defines the classes.
    ///   - images: path of the images folder, or `nil` to leave the images out.
    /// - Returns: what was found.
    /// - Throws: `JSONError` when a file cannot be opened at all.
    public static func run(annotations paths: [String], images: String?) throws -> DataReport {
        var report = DataReport()
        var splits: [DataSplit] = []
        for path in paths {
            let source = try JSONSource(path: path)
            let warnings = Warnings()
            do {
                let dataset = try COCOReader.dataset(
                    source: source, segmentations: .drop, warnings: warnings)
                splits.append(DataSplit(path: path, source: source, dataset: dataset))
            } catch let error as any DescribedError {
                report.findings.append(unusable(error))
            }
            report.findings += notes(warnings)
        }
        report.files = paths
        for split in splits {
            report.imageCount += split.dataset.images.count
            report.annotationCount += split.dataset.annotations?.count ?? 0
            report.findings += AnnotationChecks(split).findings
            if let images { report.findings += ImageChecks(split, folder: images).findings }
        }
        report.findings += classFindings(splits) + sharedImages(splits)
        return report
    }

    private static func unusable(_ error: any DescribedError) -> DataFinding {
        DataFinding(
            severity: .problem, kind: "unusable", what: error.what, place: error.place,
            fix: error.fix, count: 1, examples: [])
    }

    private static func notes(_ warnings: Warnings) -> [DataFinding] {
        warnings.groups.flatMap { group in
            group.shown.map { warning in
                DataFinding(
                    severity: .note, kind: warning.kind, what: warning.what, place: warning.place,
                    fix: warning.fix, count: group.count, examples: [])
            }
        }
    }

    // MARK: - Splits against each other

    private static func classFindings(_ splits: [DataSplit]) -> [DataFinding] {
        let training = splits.first { $0.name.hasPrefix("train") } ?? splits.first
        guard let training else { return [] }
        let table = ClassTable(training: training.dataset)
        return splits.filter { $0.path != training.path }
            .compactMap { mismatch($0, table, training) }
    }

    private static func mismatch(
        _ split: DataSplit, _ table: ClassTable, _ training: DataSplit
    ) -> DataFinding? {
        do {
            try table.refuseMismatch(split.dataset, path: split.path, trainingPath: training.path)
            return nil
        } catch {
            return DataFinding(
                severity: .problem, kind: "classes", what: error.what, place: error.place,
                fix: error.fix, count: 1, examples: [])
        }
    }

    /// Images that stand in two splits, so that a score is partly measured on what was learnt.
    private static func sharedImages(_ splits: [DataSplit]) -> [DataFinding] {
        var findings: [DataFinding] = []
        for (index, split) in splits.enumerated() {
            let names = Set(split.dataset.images.map(\.fileName)).subtracting([""])
            for other in splits[(index + 1)...] {
                let shared = other.dataset.images.map(\.fileName).filter(names.contains)
                guard !shared.isEmpty else { continue }
                findings.append(
                    DataFinding(
                        severity: .note, kind: "shared-images",
                        what: "\(shared.count) images are listed in two splits",
                        place: "\(split.path), \(other.path)",
                        fix: "keep each image in one split, or scores are too good",
                        count: shared.count, examples: Array(shared.prefix(10))))
            }
        }
        return findings
    }
}

/// An annotation file that has been read.
struct DataSplit {
    let path: String
    let source: JSONSource
    let dataset: COCODataset

    /// Name of the file without its folder.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
}
