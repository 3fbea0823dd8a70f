import PhiAccrual
import Testing

@testable import Comparison

@Suite struct `A contest` {
    @Test func `judges holdOut and draws by what it judged as a whole`() throws {
        let recording = SyntheticFamily.stationary.recording(seed: 4, nodes: 2, sent: 1400)
        var shares: [Double] = []
        let contest = DetectorComparison(recording) { shares.append($0) }
        #expect(contest.samples == recording.samples - 2 * DetectorComparison.warmUp)
        #expect(contest.cells.map(\.rate) == [0.1, 0.03, 0.01])
        #expect(contest.holdOut.map(\.rate) == [0.1, 0.03])
        #expect(contest.baselines.map(\.detector) == ComparisonReport.classicalNames)
        for cell in contest.cells {
            let interval = try #require(cell.resampled?.interval)
            #expect(interval.lowerBound > 0.5 && interval.upperBound < 3)
        }
        // A fixed timeout's mistakes can be counted without any detector.
        let arrivals = recording.arrivalsByNode.map { $0.dropFirst(DetectorComparison.warmUp) }.joined()
        let unit = recording.nodes.map(\.interval).sorted()[1]
        for (multiple, point) in zip(DetectorComparison.geometric(0.9, 500, 60), contest.baselines[0].points) {
            let timeout = Int64(multiple * unit)
            #expect(point.mistakes == arrivals.count { $0.gap > timeout })
            #expect(abs(point.timeout / (Double(timeout) / 1e9) - 1) < 1e-6)
        }
        #expect(shares == shares.sorted() && shares.last == 1)
    }

    @Test func `enters the report with all that it found`() {
        let contest = DetectorComparison(SyntheticFamily.burstyLoss.recording(seed: 4, nodes: 1, sent: 900))
        var report = ComparisonReport()
        report.add(contest)
        #expect(report.cells == contest.cells && report.holdOut == contest.holdOut)
        #expect(report.traces.map(\.name) == ["bursty-loss"])
    }
}
