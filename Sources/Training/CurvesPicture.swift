import Foundation

/// The losses, learning rate and metrics of a run as a picture of curves, `curves.svg`.
struct CurvesPicture {
    /// One curve: its name and its points in epochs.
    struct Curve {
        var name: String
        var points: [(x: Double, y: Double)] = []
    }

    /// Curves that share one frame.
    struct Panel {
        var title: String
        var curves: [Curve]
    }

    private static let width = 640.0
    private static let height = 220.0
    private static let margin = (left: 60.0, right: 130.0, top: 28.0, bottom: 28.0)
    private static let colors = ["#1f6fb2", "#c8553d", "#3a8f5c", "#8a5fa8", "#b08a2e", "#555555"]

    /// The text of the picture.
    ///
    /// - Parameter panels: Frames from top to bottom; curves without points are left out.
    /// - Returns: An SVG document.
    static func svg(_ panels: [Panel]) -> String {
        let shown = panels.filter { $0.curves.contains { $0.points.count > 0 } }
        let total = Int(height) * max(1, shown.count)
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(Int(width))\" height=\"\(total)\" "
                + "font-family=\"sans-serif\" font-size=\"11\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
        ]
        for (index, panel) in shown.enumerated() {
            lines.append("<g transform=\"translate(0 \(index * Int(height)))\">")
            lines += frame(panel)
            lines.append("</g>")
        }
        return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    private static func frame(_ panel: Panel) -> [String] {
        let curves = panel.curves.filter { !$0.points.isEmpty }
        let points = curves.flatMap(\.points).filter { $0.y.isFinite }
        let right = max(points.map(\.x).max() ?? 1, 1e-9)
        let top = points.map(\.y).max() ?? 1
        let bottom = min(0, points.map(\.y).min() ?? 0)
        let span = max(top - bottom, 1e-9)
        let plotWidth = width - margin.left - margin.right
        let plotHeight = height - margin.top - margin.bottom
        func place(_ point: (x: Double, y: Double)) -> String {
            String(
                format: "%.1f,%.1f", margin.left + point.x / right * plotWidth,
                margin.top + (top - point.y) / span * plotHeight)
        }
        var lines = [
            "<text x=\"\(margin.left)\" y=\"18\" font-size=\"13\">\(escaped(panel.title))</text>",
            "<rect x=\"\(margin.left)\" y=\"\(margin.top)\" width=\"\(plotWidth)\" "
                + "height=\"\(plotHeight)\" fill=\"none\" stroke=\"#bbbbbb\"/>",
            label(margin.left - 6, margin.top + 10, top, anchor: "end"),
            label(margin.left - 6, height - margin.bottom, bottom, anchor: "end"),
            label(width - margin.right, height - 10, right, anchor: "end"),
        ]
        for (index, curve) in curves.enumerated() {
            let color = colors[index % colors.count]
            let path = curve.points.filter { $0.y.isFinite }.map(place).joined(separator: " ")
            let y = margin.top + 12 + Double(index) * 16
            lines.append(
                "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(color)\" "
                    + "stroke-width=\"1.5\"/>")
            lines.append(
                "<text x=\"\(width - margin.right + 8)\" y=\"\(y)\" fill=\"\(color)\">"
                    + "\(escaped(curve.name))</text>")
        }
        return lines
    }

    private static func label(_ x: Double, _ y: Double, _ value: Double, anchor: String) -> String {
        let text = String(format: "%.4g", value)
        return
            "<text x=\"\(x)\" y=\"\(y)\" text-anchor=\"\(anchor)\" fill=\"#555555\">\(text)</text>"
    }

    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;")
            .replacingOccurrences(of: "<", with: "&lt;")
    }
}

extension CurvesPicture {
    /// Reads the curves of a run from its `metrics.jsonl`.
    ///
    /// - Parameters:
    ///   - lines: The decoded lines in order: keys and numbers.
    ///   - stepsPerEpoch: Steps of an epoch.
    /// - Returns: Panels for losses, learning rate and metrics.
    static func panels(_ lines: [[String: Double]], stepsPerEpoch: Int) -> [Panel] {
        var curves: [String: Curve] = [:]
        for line in lines {
            guard let epoch = line["epoch"] else { continue }
            let x = line["step"].map { epoch - 1 + $0 / Double(max(1, stepsPerEpoch)) } ?? epoch
            for (key, value) in line where key != "epoch" && key != "step" {
                curves[key, default: Curve(name: key)].points.append((x, value))
            }
        }
        let names = curves.keys.sorted()
        func panel(_ title: String, _ wanted: (String) -> Bool) -> Panel {
            Panel(title: title, curves: names.filter(wanted).compactMap { curves[$0] })
        }
        return [
            panel("losses by epoch") { $0.hasPrefix("loss") },
            panel("learning rate") { $0 == "lr" },
            panel("validation") { $0.hasPrefix("AP") || $0.hasPrefix("AR") },
        ]
    }
}
