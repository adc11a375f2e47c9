import Annotations
import JSONText
import Testing

@Suite struct RunLengthTextTests {
    @Test func textsEqualTheReference() throws {
        for example in try RunLengthGoldens.cases("strings") {
            let runs = example["counts"]?.runs ?? []
            var read: [UInt32] = []
            try RunLengthText.decode(example.text("string"), into: &read)
            #expect(RunLengthText.encode(runs) == example.text("string"))
            #expect(read == runs)
        }
    }

    @Test func areaAndBoxEqualTheReference() throws {
        for example in try RunLengthGoldens.cases("strings") {
            let mask = try example.mask(example.text("string"))
            let box = example["bbox"]?.isNull == true ? [0, 0, 0, 0] : example["bbox"]?.numbers
            #expect(mask.area == example.count("area"))
            #expect(mask.box.list == box)
        }
    }

    @Test(arguments: [
        ("", "empty"), ("6P", "cut off"), ("0 6", "alphabet"), ("06p", "alphabet"),
        ("PPPPPPPP0", "longer than 32 bits"), ("O", "-1 pixels"), ("5", "add up to 5"),
        ("7", "add up to 7"),
    ]) func brokenTextIsRefused(text: String, reason: String) {
        let error = #expect(throws: RunLengthError.self) {
            try RunLengthMask(height: 2, width: 3, text: text)
        }
        #expect(error?.what.contains(reason) == true)
    }
}
