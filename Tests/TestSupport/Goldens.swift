import Foundation

/// The folder of reference files that tests compare with.
public enum Goldens {
    /// `Tests/Goldens` of this checkout.
    public static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Goldens").path
}
