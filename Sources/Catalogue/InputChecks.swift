import Layers

extension Backbone {
    /// Refuses images that are smaller than a step of the coarsest map.
    ///
    /// Networks of a stride above 32 take images of 32 pixels too, as their authors' code does.
    ///
    /// - Parameters:
    ///   - size: Height and width, in pixels.
    ///   - place: Where the size was given.
    /// - Throws: `CatalogueError` with the least size.
    public func checkImage(_ size: [Int], place: String) throws(CatalogueError) {
        let least = min(32, features.map(\.stride).max() ?? 1)
        guard size.contains(where: { $0 < least }) else { return }
        throw CatalogueError(
            what: "images of \(size[0])x\(size[1]) pixels are too small for the model, whose"
                + " coarsest map has stride \(features.map(\.stride).max() ?? 1)",
            place: place, fix: "use images of at least \(least)x\(least) pixels")
    }

    /// Refuses a training batch that leaves a BatchNorm without a variance.
    ///
    /// - Parameters:
    ///   - images: Images of the batch.
    ///   - place: Where they were given.
    /// - Throws: `CatalogueError` with the least number.
    public func checkTrainingBatch(_ images: Int, place: String) throws(CatalogueError) {
        guard images < smallestTrainingBatch else { return }
        throw CatalogueError(
            what: "a training pass of this network takes statistics over the images",
            place: place, fix: "give at least \(smallestTrainingBatch) images")
    }
}
