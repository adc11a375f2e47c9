extension COCOSegmentation {
    /// Whether this outline can hold no pixel: no polygon, or only ones of fewer than three points.
    public var isWithoutOutline: Bool {
        guard case .polygons(let polygons) = self else { return false }
        return polygons.allSatisfy { $0.count < 6 }
    }

    /// The mask of this segmentation.
    ///
    /// - Parameters:
    ///   - height: Height of the image in pixels, used for polygons.
    ///   - width: Width of the image in pixels, used for polygons.
    /// - Returns: A mask of the image's size, or of the run lengths' own.
    /// - Throws: `RunLengthError` if the run lengths are broken or a coordinate is absurd.
    public func mask(height: Int, width: Int) throws(RunLengthError) -> RunLengthMask {
        switch self {
        case .polygons(let polygons):
            try PolygonRasterizer(height: height, width: width).mask(of: polygons)
        case .runLengths(let ownHeight, let ownWidth, let counts):
            try RunLengthMask(height: ownHeight, width: ownWidth, counts: counts)
        case .compressed(let ownHeight, let ownWidth, let text):
            try RunLengthMask(height: ownHeight, width: ownWidth, text: text)
        }
    }
}
