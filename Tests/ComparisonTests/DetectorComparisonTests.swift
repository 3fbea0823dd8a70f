import PhiAccrual
import Testing

@testable import Comparison

@Suite struct `A detector comparison` {
    @Test func `evaluates the whole recording, its halves, and bootstrap draws`() throws {
        let recording = SyntheticFamily.stationary.recording(seed: 4, nodes: 2, sent: 1400)
        var shares: [Double] = []
        let comparison = DetectorComparison(recording) { shares.append($0) }
        #expect(comparison.samples == recording.samples - 2 * DetectorComparison.warmUp)
        #expect(comparison.cells.map(\.rate) == [0.1, 0.03, 0.01])
        #expect(comparison.holdOut.map(\.rate) == [0.1, 0.03])
        #expect(comparison.baselines.map(\.detector) == ComparisonResults.baselineNames)
        for cell in comparison.cells {
            let interval = try #require(cell.resampled?.interval)
            #expect(interval.lowerBound > 0.5 && interval.upperBound < 3)
        }
        // The mistakes of a fixed timeout can be counted without a detector.
        let arrivals = recording.arrivalsByNode.map { $0.dropFirst(DetectorComparison.warmUp) }.joined()
        let unit = recording.nodes.map(\.interval).sorted()[1]
        for (multiple, point) in zip(DetectorRegistry.geometric(0.9, 500, 60), comparison.baselines[0].points) {
            let timeout = Int64(multiple * unit)
            #expect(point.mistakes == arrivals.count { $0.gap > timeout })
            #expect(abs(point.timeout / (Double(timeout) / 1e9) - 1) < 1e-6)
        }
        #expect(shares == shares.sorted() && shares.last == 1)
    }

    @Test func `adds all its results to the report`() {
        let comparison = DetectorComparison(SyntheticFamily.burstyLoss.recording(seed: 4, nodes: 1, sent: 900))
        var report = ComparisonResults()
        report.add(comparison)
        #expect(report.cells == comparison.cells && report.holdOut == comparison.holdOut)
        #expect(report.traces.map(\.name) == ["bursty-loss"])
    }
}
