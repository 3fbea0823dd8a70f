import Testing

@testable import Comparison

@Suite struct `A curve of timeouts against mistakes` {
    private let curve = ParetoCurve(
        detector: "fixed",
        points: [(100, 0.1, 1.0), (10, 0.01, 2.0), (1, 0.001, 8.0), (0, 0, 20.0)].map { mistakes, rate, timeout in
            ParetoCurve.Point(parameter: "\(timeout)", mistakes: mistakes, rate: rate, timeout: timeout)
        })

    @Test func `without interpolation uses only its own points`() {
        #expect(curve.strictTimeout(atRate: 0.1) == 1)
        #expect(curve.strictTimeout(atRate: 0.09) == 2)
        #expect(curve.strictTimeout(atRate: 0.0005) == 20)
        #expect(ParetoCurve(detector: "x", points: []).strictTimeout(atRate: 1) == nil)
    }
    @Test func `is interpolated linearly in logarithms`() throws {
        // Halfway between rates of 0.1 and 0.01 in logarithms is halfway between timeouts of 1 and 2.
        let timeout = try #require(curve.interpolatedTimeout(atRate: 0.031_622_776_6))
        #expect(abs(timeout - 2.0.squareRoot()) < 1e-6)
        #expect(curve.interpolatedTimeout(atRate: 0.01) == 2)
    }
    @Test func `never has a longer timeout with interpolation than without`() throws {
        for rate in [0.2, 0.1, 0.05, 0.01, 0.004, 0.001, 0.0006] {
            let (strict, smooth) = (curve.strictTimeout(atRate: rate), curve.interpolatedTimeout(atRate: rate))
            #expect(try #require(smooth) <= (try #require(strict)))
        }
    }
    @Test func `is compared only at rates that allow enough mistakes`() throws {
        let cells = ComparisonCell.cells(trace: "t", samples: 2000, adaptive: curve, baselines: [curve])
        #expect(cells.map(\.rate) == [0.1, 0.03, 0.01])
        #expect(cells.map(\.bestDetector) == ["fixed", "fixed", "fixed"])
        #expect(cells[0].ratio == 1 && cells[2].ratio == 1)
        // The adaptive curve is not interpolated; the baseline is.
        #expect(try #require(cells[1].ratio) > 1)
        #expect(try #require(cells.geometricMean) > 1)
        #expect(cells.worst?.rate == 0.03)
    }
    @Test func `ignores a detector that never trusts`() {
        // A detector that always suspects has a timeout of 0 and makes one mistake: the first.
        let never = ParetoCurve(
            detector: "never", points: [.init(parameter: "0", mistakes: 1, rate: 0.0001, timeout: 0)] + curve.points)
        #expect(never.strictTimeout(atRate: 0.1) == 1)
        #expect(never.strictTimeout(atRate: 0.0005) == 20)
        #expect(ParetoCurve(detector: "x", points: [never.points[0]]).interpolatedTimeout(atRate: 0.1) == nil)
    }
}
