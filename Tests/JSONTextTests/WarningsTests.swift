import JSONText
import Synchronization
import Testing

@Test func tenOfAKindAreShownAndAllAreCounted() {
    let shown = Mutex<[String]>([])
    let warnings = Warnings { text in shown.withLock { $0.append(text) } }
    for index in 0..<12 {
        warnings.add(
            Warning(kind: "area", what: "no area \(index)", place: "a.json:\(index)", fix: "add it")
        )
    }
    warnings.add(Warning(kind: "crowd", what: "all are crowds", place: "", fix: ""))
    #expect(shown.withLock { $0.count } == 11)
    #expect(warnings.groups.map(\.count) == [12, 1])
    #expect(warnings.groups.map(\.shown.count) == [10, 1])
    #expect(
        warnings.summary == """
            warning: no area 0
              in a.json:0
              fix: add it
              and 11 more like it
            warning: all are crowds
            """)
}

@Test func warningBeyondTheTenthIsNotEvenMade() {
    let warnings = Warnings()
    var made = 0
    for _ in 0..<50 {
        warnings.add(kind: "k") {
            made += 1
            return Warning(kind: "k", what: "w", place: "", fix: "")
        }
    }
    #expect(made == 10)
    #expect(warnings.groups.first?.count == 50)
}
