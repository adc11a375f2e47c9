import Testing

@testable import Training

@Suite struct TrainingLogTests {
    @Test(arguments: [(0, "00:00"), (61, "01:01"), (3600, "1:00:00"), (7384, "2:03:04")])
    func durationsReadAsClocks(seconds: Int, text: String) {
        #expect(TrainingLog.clock(Double(seconds)) == text)
    }

    @Test(arguments: [(1.2e-3, "1.2e-3"), (5e-4, "5.0e-4"), (1, "1.0e0"), (0, "0")])
    func ratesHaveTwoDigits(rate: Double, text: String) {
        #expect(TrainingLog.scientific(Float(rate)) == text)
    }

    @Test func anIntervalAverages() {
        var meter = IntervalMeter()
        meter.add(losses: [("cls", 1), ("box", 2)], images: 4, seconds: 0.5, dataSeconds: 0.1)
        meter.add(losses: [("cls", 3), ("box", 2)], images: 4, seconds: 1.5, dataSeconds: 0.3)
        #expect(meter.total == 4)
        #expect(meter.means.map(\.mean) == [2, 2])
        #expect(meter.stepMilliseconds == 1000)
        #expect(abs(meter.dataMilliseconds - 200) < 1e-9)
        #expect(meter.imagesPerSecond == 4)
    }
}
