/// Pieces of an HTML page.
enum HTMLText {
    /// A text with the characters escaped that HTML gives a meaning.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }

    /// A table; the first column is text, the others are numbers.
    static func table(head: [String], rows: [[String]]) -> String {
        let headCells = head.map { "<th>\(escaped($0))</th>" }.joined()
        let body = rows.map { row in
            "<tr>" + row.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>"
        }
        return "<table><thead><tr>\(headCells)</tr></thead><tbody>\n"
            + body.joined(separator: "\n") + "\n</tbody></table>"
    }

    /// A section with a heading.
    static func section(_ title: String, _ content: String) -> String {
        "<section><h2>\(escaped(title))</h2>\n\(content)\n</section>"
    }

    /// A whole page with its style inside.
    static func page(title: String, sections: [String]) -> String {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(escaped(title))</title>
        <style>\(style)</style></head><body>
        <h1>\(escaped(title))</h1>
        \(sections.joined(separator: "\n"))
        </body></html>

        """
    }

    private static let style = """
        body{font:15px/1.5 system-ui,sans-serif;color:#1c2733;margin:2em auto;max-width:60em;\
        padding:0 1em}h1{font-size:1.5em}h2{font-size:1.1em;margin-top:2em}\
        table{border-collapse:collapse}th,td{padding:.2em .8em;text-align:right;\
        border-bottom:1px solid #dde3e9}th:first-child,td:first-child{text-align:left}\
        svg{max-width:100%;height:auto}.note{background:#fff4d6;padding:.6em 1em}
        """
}
