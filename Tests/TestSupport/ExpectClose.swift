import Testing

/// The goldens' relative error: the largest difference over the largest reference value, which
/// counts as 1e-6 at least.
///
/// - Parameters:
///   - actual: Ours.
///   - expected: The reference.
/// - Returns: The error; infinity when the counts differ or something is not finite.
public func relativeError(_ actual: [Float], _ expected: [Float]) -> Float {
    guard actual.count == expected.count else { return .infinity }
    var difference: Float = 0
    var largest: Float = 1e-6
    for (y, r) in zip(actual, expected) {
        guard y.isFinite else { return .infinity }
        difference = max(difference, abs(y - r))
        largest = max(largest, abs(r))
    }
    return difference / largest
}

/// Expects that values agree with a reference.
///
/// - Parameters:
///   - actual: Ours.
///   - expected: The reference.
///   - limit: The most that `relativeError` may be.
///   - name: What is compared.
///   - location: The line of the test.
public func expectClose(
    _ actual: [Float], _ expected: [Float], relative limit: Float, _ name: String = "",
    at location: SourceLocation = #_sourceLocation
) {
    let error = relativeError(actual, expected)
    #expect(
        error <= limit, "\(name) is off by \(error), allowed \(limit)", sourceLocation: location)
}
