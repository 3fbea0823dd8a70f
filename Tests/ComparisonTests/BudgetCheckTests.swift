import Foundation
import PhiAccrual
import Testing

@testable import Comparison

@Suite struct `A budget check` {
    private func check(timesPromised factor: Double, scatter: Double) -> BudgetCheck {
        let clusters = (0..<100).map { (observed: factor + ($0 % 2 == 0 ? scatter : -scatter), expected: 1.0) }
        return BudgetCheck(
            trace: "t", heartbeatsPerMistake: 100, samples: 10_000, promised: 100, observed: Int(100 * factor),
            ratio: ClusterRatio(clusters), timeout: 1)
    }

    @Test func `passes if the confidence interval reaches the tolerated range`() {
        #expect(check(timesPromised: 1, scatter: 0).isKept)
        #expect(check(timesPromised: 1.49, scatter: 0).isKept && check(timesPromised: 0.68, scatter: 0).isKept)
        #expect(!check(timesPromised: 1.51, scatter: 0).isKept)
        #expect(!check(timesPromised: 0.66, scatter: 0).isKept)
        // A scatter of 1 in each of 100 clusters widens the interval by 0.2 on either side.
        #expect(check(timesPromised: 1.65, scatter: 1).isKept && !check(timesPromised: 1.75, scatter: 1).isKept)
    }

    @Test func `runs if the budget promises forty mistakes, and counts those that happened`() throws {
        let recording = SyntheticFamily.stationary.recording(seed: 2, nodes: 2, sent: 4000)
        let checks = BudgetCheck.checks(recording)
        #expect(checks.map(\.heartbeatsPerMistake) == [30, 100])
        for check in checks {
            #expect(check.samples == recording.samples - 400)
            #expect(check.promised == Double(check.samples) / check.heartbeatsPerMistake)
            #expect(abs(check.ratio.value * check.promised / Double(check.observed) - 1) < 1e-12)
            #expect(check.isKept && check.timeout > 0.1 && check.timeout < 0.3)
        }
        #expect(BudgetCheck.checks(SyntheticFamily.stationary.recording(seed: 2, nodes: 1, sent: 1000)).isEmpty)
    }
}
