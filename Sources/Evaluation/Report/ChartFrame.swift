/// The axes of a chart in an SVG drawing.
struct ChartFrame {
    static let width = 520.0
    static let height = 300.0
    private static let left = 56.0
    private static let right = 140.0
    private static let top = 14.0
    private static let bottom = 44.0

    let horizontalTitle: String
    let verticalTitle: String
    /// The value at the upper end of the vertical axis.
    let highest: Double

    /// Where a share of the horizontal axis stands.
    func x(_ share: Double) -> Double {
        Self.left + share * (Self.width - Self.left - Self.right)
    }

    /// Where a value of the vertical axis stands.
    func y(_ value: Double) -> Double {
        let share = highest > 0 ? value / highest : 0
        return Self.height - Self.bottom - share * (Self.height - Self.top - Self.bottom)
    }

    /// The drawing: axes, what stands in them, and a legend.
    func drawing(_ content: [String], legend: [(name: String, colour: String)]) -> String {
        let ticks = (0...5).map { step -> String in
            let share = Double(step) / 5
            let value = highest <= 1 ? Decimals.fixed(share * highest, 1) : count(share * highest)
            return line(x(0), y(share * highest), x(1), y(share * highest))
                + text(x(0) - 6, y(share * highest) + 4, value, anchor: "end")
                + text(x(share), Self.height - Self.bottom + 16, Decimals.fixed(share, 1))
        }
        let names = legend.enumerated().map { index, entry -> String in
            let y = Self.top + 14 + 20 * Double(index)
            return "<rect x=\"\(x(1) + 14)\" y=\"\(y - 9)\" width=\"12\" height=\"12\" "
                + "fill=\"\(entry.colour)\"/>"
                + text(x(1) + 32, y + 2, entry.name, anchor: "start")
        }
        let titles =
            text(x(0.5), Self.height - 8, horizontalTitle)
            + "<g transform=\"rotate(-90 14 \(y(highest / 2)))\">"
            + text(14, y(highest / 2), verticalTitle) + "</g>"
        return "<svg viewBox=\"0 0 \(Self.width) \(Self.height)\" width=\"\(Self.width)\" "
            + "font-size=\"12\" role=\"img\">" + (ticks + content + names + [titles]).joined()
            + "</svg>"
    }

    private func count(_ value: Double) -> String { String(Int(value.rounded())) }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        "<path d=\"M\(x1) \(y1)L\(x2) \(y2)\" stroke=\"#dde3e9\"/>"
    }

    private func text(
        _ x: Double, _ y: Double, _ content: String, anchor: String = "middle"
    ) -> String {
        "<text x=\"\(x)\" y=\"\(y)\" text-anchor=\"\(anchor)\">\(HTMLText.escaped(content))</text>"
    }
}
