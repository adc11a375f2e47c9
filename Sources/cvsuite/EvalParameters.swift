import Annotations
import ArgumentParser
import Evaluation

/// Flags of `cvsuite eval` that change what is measured.
struct EvalParameters: ParsableArguments {
    @Option(help: "What overlaps are measured on: bbox or segm.")
    var iouType = OverlapKind.bbox

    @Option(help: "Detections of a category that count in an image, three values at least.")
    var maxDets: CommaList<Int>?

    @Option(help: "Overlaps from which a detection is right, as 0.5,0.75.")
    var iouThresholds: CommaList<Double>?

    @Option(help: "Recalls at which precision is read, as 0,0.5,1.")
    var recallThresholds: CommaList<Double>?

    @Option(help: "Ranges of object areas, as all=0:1e10,small=0:1024.")
    var areaRanges: CommaList<AreaRange>?

    @Option(help: "Only these images, as 7,3.")
    var imageIds: CommaList<COCOIdentifier>?

    @Option(help: "Only these categories, as 3,1.")
    var categoryIds: CommaList<COCOIdentifier>?

    @Flag(help: "Ignore labels: score objects as such.")
    var noCategories = false

    /// The parameters of the evaluation.
    var measured: COCOParameters {
        var result = COCOParameters(iouType)
        if let maxDets { result.maxDetections = maxDets.elements }
        if let iouThresholds { result.iouThresholds = iouThresholds.elements }
        if let recallThresholds { result.recallThresholds = recallThresholds.elements }
        if let areaRanges { result.areaRanges = areaRanges.elements }
        result.imageIDs = imageIds?.elements
        result.categoryIDs = categoryIds?.elements
        if noCategories { result.categoryUse = .together }
        return result
    }

    func validate() throws {
        do {
            try measured.validate()
        } catch {
            throw ValidationError(error.what)
        }
    }
}

extension OverlapKind: ExpressibleByArgument {}

/// Several values in one argument, with commas between them.
struct CommaList<Element: CommaListElement>: ExpressibleByArgument {
    let elements: [Element]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        elements = parts.compactMap { Element(listed: String($0)) }
        guard elements.count == parts.count else { return nil }
    }
}

/// A value that can stand in a list with commas.
protocol CommaListElement {
    /// Reads the value; `nil` if the text is none.
    init?(listed text: String)
}

extension Int: CommaListElement {
    init?(listed text: String) { self.init(text) }
}

extension Double: CommaListElement {
    init?(listed text: String) { self.init(text) }
}

extension COCOIdentifier: CommaListElement {
    /// Reads an id: digits are a number, anything else a text.
    init?(listed text: String) {
        guard !text.isEmpty else { return nil }
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        if let number = Int64(text) {
            self = .number(number)
        } else if !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) {
            self = .bigNumber(text)
        } else {
            self = .text(text)
        }
    }
}

extension AreaRange: CommaListElement {
    /// Reads `label=low:high`.
    init?(listed text: String) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        let ends = parts[1].split(separator: ":", omittingEmptySubsequences: false)
        guard ends.count == 2, let low = Double(ends[0]), let high = Double(ends[1]) else {
            return nil
        }
        self.init(label: parts[0], low: low, high: high)
    }
}
