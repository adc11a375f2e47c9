/// The classes of a training file: its listed categories in the order of their ids.
public struct ClassTable: Sendable, Equatable {
    /// The categories, in the order of their ids; the index is the class of the model.
    public let categories: [COCOCategory]
    private let indices: [COCOIdentifier: Int]

    /// Takes the categories that a training file lists, whether they have objects or not.
    ///
    /// - Parameter dataset: the training dataset.
    public init(training dataset: COCODataset) {
        self.init(dataset.categories)
    }

    /// Takes a list of categories.
    ///
    /// - Parameter categories: the categories, in any order.
    public init(_ categories: [COCOCategory]) {
        let ordered = categories.sorted { $0.id < $1.id }
        self.categories = ordered
        let pairs = ordered.enumerated().map { ($0.element.id, $0.offset) }
        indices = Dictionary(pairs) { first, _ in first }
    }

    /// Number of classes: what `num_classes: "auto"` stands for.
    public var count: Int { categories.count }

    /// Names of the classes, by index.
    public var names: [String] { categories.map(\.name) }

    /// The class of a category.
    ///
    /// - Parameter id: the category's id.
    /// - Returns: its index, or `nil` if training does not know the category.
    public func index(of id: COCOIdentifier) -> Int? { indices[id] }

    /// Refuses another split whose classes are not those of training.
    ///
    /// A category that training lacks and that has no objects does no harm.
    ///
    /// - Parameters:
    ///   - dataset: the other split.
    ///   - path: its path, for the message.
    ///   - trainingPath: path of the training file, for the message.
    /// - Throws: `AnnotationError` when an id has another name, or a category with objects is
    ///   unknown to training.
    public func refuseMismatch(
        _ dataset: COCODataset, path: String, trainingPath: String
    ) throws(AnnotationError) {
        for category in dataset.categories {
            guard let index = index(of: category.id) else { continue }
            let name = categories[index].name
            guard name != category.name else { continue }
            throw AnnotationError(
                what: "the category \(category.id) is \"\(category.name)\" here and \"\(name)\" "
                    + "in \(trainingPath)",
                place: "\(path), categories (id \(category.id))",
                fix: "use the same names under the same ids in all splits")
        }
        let objects = Dictionary(grouping: dataset.annotations ?? [], by: \.categoryID)
        for category in dataset.categories where index(of: category.id) == nil {
            guard let count = objects[category.id]?.count else { continue }
            throw AnnotationError(
                what: "the category \(category.id) (\"\(category.name)\") has \(count) objects "
                    + "here and is not listed in \(trainingPath)",
                place: "\(path), categories (id \(category.id))",
                fix: "list it in the training file, or remove its objects")
        }
    }
}
