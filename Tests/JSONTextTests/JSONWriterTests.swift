import JSONText
import Testing

@Test func piecesMakeOneText() throws {
    var writer = JSONWriter()
    writer.beginArray()
    writer.beginObject()
    writer.key("a\"\\\u{1}\n")
    writer.double(0.1)
    writer.key("b")
    writer.beginArray()
    writer.endArray()
    writer.endObject()
    writer.newLine()
    writer.integer(-3)
    writer.string("é😀")
    writer.null()
    writer.boolean(true)
    writer.double(.nan)
    writer.endArray()
    let text = String(decoding: writer.bytes, as: UTF8.self)
    #expect(
        text == "[{\"a\\\"\\\\\\u0001\\n\":0.1,\"b\":[]},\n-3,\"é😀\",null,true,null]")
    _ = try JSONValue(parsing: JSONSource(text: text, name: "a.json"))
}

@Test func prettyTextKeepsShortLinesTogether() {
    let value: JSONValue = [
        "name": "van", "depths": [3, 3, 12, 3], "flat": ["x": 1, "y": 2.5],
        "deep": ["inner": ["list": []]],
        "long": JSONValue(.array((0..<40).map { JSONValue(.integer(Int64($0 + 1000))) })),
    ]
    let text = value.text(.pretty)
    let lines = text.split(separator: "\n")
    #expect(
        lines.prefix(7) == [
            "{", "  \"name\": \"van\",", "  \"depths\": [3, 3, 12, 3],",
            "  \"flat\": {\"x\": 1, \"y\": 2.5},", "  \"deep\": {", "    \"inner\": {",
            "      \"list\": []",
        ])
    #expect(lines.count == 9 + 42 + 1)
}

@Test func treesSurviveWritingAndReading() throws {
    let text = #"{"a":[1,-2.5,1e+300,123456789012345678901,"\t",null,true],"b":{"c":{}},"é":[]}"#
    let value = try JSONValue(parsing: JSONSource(text: text, name: "a.json"))
    for layout in [JSONWriter.Layout.compact, .pretty] {
        let again = JSONSource(text: value.text(layout), name: "b.json")
        #expect(try JSONValue(parsing: again) == value)
    }
    #expect(value.text(.compact) == text)
}
