import Annotations

/// The images and categories that are scored, and where ids stand among them.
struct EvaluationSelection {
    /// Ids of the images, in ascending order.
    let imageIDs: [COCOIdentifier]
    /// Ids of the categories, in the order in which they are scored.
    let categoryIDs: [COCOIdentifier]
    /// Whether labels count.
    let use: COCOParameters.CategoryUse

    private let imagePositions: [COCOIdentifier: Int]
    private let categoryPositions: [COCOIdentifier: [Int]]

    init(_ truth: COCODataset, _ parameters: COCOParameters) {
        use = parameters.categoryUse
        imageIDs = COCOIdentifier.sortedUnique(parameters.imageIDs ?? truth.images.map(\.id))
        let categories =
            parameters.categoryIDs ?? COCOIdentifier.sortedUnique(truth.categories.map(\.id))
        categoryIDs =
            switch use {
            case .apart: COCOIdentifier.sortedUnique(categories)
            // The reference keeps order and repetitions when labels do not count.
            case .together: categories
            }
        var images: [COCOIdentifier: Int] = [:]
        for (position, id) in imageIDs.enumerated() { images[id] = position }
        imagePositions = images
        var positions: [COCOIdentifier: [Int]] = [:]
        for (position, id) in categoryIDs.enumerated() {
            positions[id, default: []].append(position)
        }
        categoryPositions = positions
    }

    /// Number of categories that get numbers of their own.
    var scoredCategories: Int {
        switch use {
        case .apart: categoryIDs.count
        case .together: 1
        }
    }

    /// Position of an image, `nil` if it is not scored.
    func position(ofImage id: COCOIdentifier) -> Int? { imagePositions[id] }

    /// Positions of a category: none if it is not scored, several if it was asked for repeatedly.
    func positions(ofCategory id: COCOIdentifier) -> [Int] { categoryPositions[id] ?? [] }
}
