import Foundation

/// Numbers with a fixed count of decimals, as tables print them.
enum Decimals {
    /// A number with `count` decimals, rounded as printf does.
    static func fixed(_ value: Double, _ count: Int) -> String {
        String(format: "%.\(count)f", value)
    }

    /// A share with three decimals; a dash where there is nothing to measure.
    static func share(_ value: Double) -> String { value < 0 ? "-" : fixed(value, 3) }
}

extension String {
    /// The text with spaces behind it, up to a width.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }

    /// The text with spaces in front of it, up to a width.
    func padded(toRight width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }
}
