import Testing

@testable import Comparison

@Suite struct `A curve of waits against mistakes` {
    private let curve = ParetoCurve(
        detector: "fixed",
        points: [(100, 0.1, 1.0), (10, 0.01, 2.0), (1, 0.001, 8.0), (0, 0, 20.0)].map { mistakes, rate, wait in
            ParetoCurve.Point(parameter: "\(wait)", mistakes: mistakes, rate: rate, wait: wait)
        })

    @Test func `taken strictly has nothing between its points`() {
        #expect(curve.strictWait(atRate: 0.1) == 1)
        #expect(curve.strictWait(atRate: 0.09) == 2)
        #expect(curve.strictWait(atRate: 0.0005) == 20)
        #expect(ParetoCurve(detector: "x", points: []).strictWait(atRate: 1) == nil)
    }
    @Test func `is straight in logarithms where it is interpolated`() throws {
        // Half-way between a rate of 0.1 and 0.01 in logarithms, half-way between waits of 1 and 2.
        let wait = try #require(curve.interpolatedWait(atRate: 0.031_622_776_6))
        #expect(abs(wait - 2.0.squareRoot()) < 1e-6)
        #expect(curve.interpolatedWait(atRate: 0.01) == 2)
    }
    @Test func `never waits longer interpolated than strictly`() throws {
        for rate in [0.2, 0.1, 0.05, 0.01, 0.004, 0.001, 0.0006] {
            let (strict, smooth) = (curve.strictWait(atRate: rate), curve.interpolatedWait(atRate: rate))
            #expect(try #require(smooth) <= (try #require(strict)))
        }
    }
    @Test func `is judged only where enough mistakes are allowed`() throws {
        let cells = ComparisonCell.cells(trace: "t", samples: 2000, ours: curve, classical: [curve])
        #expect(cells.map(\.rate) == [0.1, 0.03, 0.01])
        #expect(cells.map(\.bestDetector) == ["fixed", "fixed", "fixed"])
        #expect(cells[0].ratio == 1 && cells[2].ratio == 1)
        // Ours is taken strictly and the other one is not.
        #expect(try #require(cells[1].ratio) > 1)
        #expect(try #require(cells.geometricMean) > 1)
        #expect(cells.worst?.rate == 0.03)
    }
    @Test func `has no use for a detector that never trusts`() {
        // Suspecting always, it waits for nothing and makes one mistake: the first.
        let never = ParetoCurve(
            detector: "never", points: [.init(parameter: "0", mistakes: 1, rate: 0.0001, wait: 0)] + curve.points)
        #expect(never.strictWait(atRate: 0.1) == 1)
        #expect(never.strictWait(atRate: 0.0005) == 20)
        #expect(ParetoCurve(detector: "x", points: [never.points[0]]).interpolatedWait(atRate: 0.1) == nil)
    }
}
