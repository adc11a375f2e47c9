import Annotations

/// The classes of a network: the categories of the training file in the order of their ids.
///
/// A label is the position of a category in this order.
public struct ClassTable: Hashable, Sendable {
    /// The categories, one a label.
    public let categories: [COCOCategory]
    private let labels: [COCOIdentifier: Int]

    /// Orders the categories of a training file, objects or not.
    ///
    /// - Parameter categories: As the file lists them, each id once.
    public init(_ categories: [COCOCategory]) {
        self.categories = categories.sorted { $0.id < $1.id }
        labels = Dictionary(
            zip(self.categories.map(\.id), self.categories.indices),
            uniquingKeysWith: { first, _ in first })
    }

    /// Number of classes.
    public var count: Int { categories.count }

    /// The names, one a label.
    public var names: [String] { categories.map(\.name) }

    /// The label of a category, if the table has it.
    public func label(of id: COCOIdentifier) -> Int? { labels[id] }

    /// Refuses the categories of another split that do not fit.
    ///
    /// - Parameters:
    ///   - dataset: The other split.
    ///   - place: Its file.
    /// - Throws: `DatasetError` when an id has another name there, or when a category with
    ///   objects is not in the table.
    public func check(_ dataset: COCODataset, place: String) throws(DatasetError) {
        for category in dataset.categories {
            guard let label = labels[category.id] else { continue }
            let expected = categories[label].name
            guard expected != category.name else { continue }
            throw DatasetError(
                what: "category \(category.id.text) is named \"\(category.name)\" here "
                    + "and \"\(expected)\" in the training file",
                place: place, fix: "give all splits the same categories")
        }
        let names = Dictionary(
            dataset.categories.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
        for annotation in dataset.annotations ?? [] where labels[annotation.categoryID] == nil {
            let name = names[annotation.categoryID].map { " \"\($0)\"" } ?? ""
            throw DatasetError(
                what: "category \(annotation.categoryID.text)\(name) has objects, "
                    + "but the training file does not list it",
                place: "\(place), annotation \(annotation.id.text)",
                fix: "list it in the training file, or remove its annotations")
        }
    }
}

extension COCOIdentifier {
    /// The id as a message shows it.
    var text: String {
        switch self {
        case .number(let number): "\(number)"
        case .bigNumber(let digits): digits
        case .text(let text): "\"\(text)\""
        }
    }
}
