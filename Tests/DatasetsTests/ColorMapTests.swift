import Testing

@testable import Datasets

@Suite struct ColorMapTests {
    private let color = SIMD3<Double>(200, 90, 30)

    private func isClose(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Bool {
        let difference = a - b
        return max(abs(difference.x), abs(difference.y), abs(difference.z)) < 1e-9
    }

    @Test(arguments: [0.1, 0.25, 0.5, -0.3])
    func hueKeepsGreys(turns: Double) {
        let grey = SIMD3(repeating: 77.0)
        #expect(isClose(ColorMap.hue(turns: turns).applied(to: grey), grey))
    }

    @Test func hueTurnsByAThirdThreeTimesAreNone() {
        let third = ColorMap.hue(turns: 1.0 / 3)
        // The published coefficients have three decimals.
        let turned = third.then(third).then(third).applied(to: color)
        #expect(abs(turned.x - color.x) < 0.5 && abs(turned.z - color.z) < 0.5)
    }

    @Test func saturationZeroIsGrey() {
        let grey = ColorMap.saturation(0).applied(to: color)
        #expect(abs(grey.x - grey.y) < 1e-9 && abs(grey.y - grey.z) < 1e-9)
        #expect(isClose(ColorMap.saturation(1).applied(to: color), color))
    }

    @Test func contrastKeepsTheMiddle() {
        let middle = SIMD3(repeating: 90.0)
        #expect(isClose(ColorMap.contrast(1.7, middle: 90).applied(to: middle), middle))
    }

    @Test func compositionAppliesOneAfterTheOther() {
        let first = ColorMap.contrast(0.6, middle: 50).then(.saturation(1.4))
        let second = ColorMap.hue(turns: 0.1).then(.brightness(1.2))
        let both = first.then(second).applied(to: color)
        #expect(isClose(both, second.applied(to: first.applied(to: color))))
    }

    @Test func noChangeIsTheIdentity() {
        #expect(ColorChange().map(mean: 100) == .identity)
    }
}
