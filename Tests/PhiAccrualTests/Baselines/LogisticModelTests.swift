import PhiAccrual
import TestSupport
import Testing

/// Source: akka/akka, `AccrualFailureDetectorSpec.scala`. The test names are quoted from it. Each test has threshold 8,
/// 1000 samples, floor 100 ms, no pause, and a first estimate of 1 s unless it sets others.
@Suite struct `Akka's own expectations` {
    private let detector = "akka acceptable-heartbeat-pause=0s"

    private func phi(_ baseline: Baseline, _ milliseconds: Int64) throws -> Double {
        try #require(baseline.phi(after: .milliseconds(milliseconds)))
    }
    @Test func `return phi based on guess when only one heartbeat`() throws {
        let baseline = try Baseline.begun(detector)
        #expect(abs(try phi(baseline, 1000) - 0.3) <= 0.2)
        #expect(abs(try phi(baseline, 2000) - 4.5) <= 0.3)
        #expect(try phi(baseline, 3000) > 15)
    }
    @Test func `return phi value using first interval after second heartbeat`() throws {
        var baseline = try Baseline.begun(detector)
        #expect(try phi(baseline, 100) > 0)
        baseline.observe(after: .milliseconds(100))
        #expect(try phi(baseline, 100) > 0)
    }
    @Test func `mark node as dead if heartbeat are missed`() throws {
        var baseline = try Baseline.begun("\(detector) threshold=3")
        baseline.observe(after: .milliseconds(1000))
        baseline.observe(after: .milliseconds(100))
        #expect(try phi(baseline, 100) < 3)
        #expect(try phi(baseline, 7100) >= 3)
    }
    @Test func `mark node as available if it starts heartbeat again after being marked dead`() throws {
        var baseline = try Baseline.begun("akka")
        baseline.observe(every: .seconds(1), times: 999)
        #expect(try phi(baseline, 5 * 60 * 1000) >= 8)
        baseline.observe(after: 5 * .seconds(60) + .milliseconds(100))
        #expect(try phi(baseline, 900) < 8)
        baseline.observe(after: .milliseconds(1000))
        #expect(try phi(baseline, 7000) >= 8)
        baseline.observe(after: .milliseconds(7100))
        #expect(try phi(baseline, 900) < 8)
        baseline.observe(after: .milliseconds(1000))
        #expect(try phi(baseline, 900) < 8)
    }
    @Test func `accept some configured missing heartbeats`() throws {
        var baseline = try Baseline.begun("akka")
        baseline.observe(every: .seconds(1), times: 3)
        #expect(try phi(baseline, 4000) < 8)
        baseline.observe(after: .milliseconds(5000))
        #expect(try phi(baseline, 1000) < 8)
    }
    @Test func `fail after configured acceptable missing heartbeats`() throws {
        var baseline = try Baseline.begun("akka")
        baseline.observe(every: .seconds(1), times: 5)
        #expect(try phi(baseline, 500) < 8)
        baseline.observe(after: .milliseconds(1000))
        #expect(try phi(baseline, 5000) >= 8)
    }
    @Test func `use maxSampleSize heartbeats`() throws {
        var baseline = try Baseline.begun("\(detector) max-sample-size=3")
        baseline.observe(every: .milliseconds(100), times: 3)
        let before = try phi(baseline, 100)
        baseline.observe(after: .milliseconds(600))
        baseline.observe(every: .milliseconds(500), times: 3)
        #expect(abs(try phi(baseline, 500) - before) <= 0.001)
    }
}

@Suite struct `Akka's detector` {
    @Test func `triggers after around 5.5 seconds with default settings`() throws {
        // As in Pekko's reference.conf: an estimate of 1 s ± 250 ms, a pause of 3 s, and 5.226 deviations.
        let baseline = try Baseline.begun("akka")
        #expect(baseline.timeout() == .milliseconds(5307))
        #expect(baseline.model.expectedGap == .seconds(1))
    }
    @Test func `has a timeout of 3,623 ms at 100 ms, since floor and pause do not scale`() throws {
        var baseline = try Baseline.begun("akka")
        baseline.observe(every: .milliseconds(100), times: 1000)
        #expect(baseline.timeout() == .milliseconds(3623))
    }
    @Test func `starts with two prior gaps that leave the window in their turn`() throws {
        var baseline = try Baseline.begun("logistic resolution=1ns max-sample-size=4 min-std-deviation=1ns")
        baseline.observe(every: .milliseconds(100), times: 2)
        #expect(baseline.model.expectedGap == .milliseconds(550))  // 750, 1250, 100, 100
        #expect(baseline.model.samples == 2)
        baseline.observe(after: .milliseconds(100))
        #expect(baseline.model.expectedGap == 387_500_000)
        baseline.observe(after: .milliseconds(100))
        #expect(baseline.model.expectedGap == .milliseconds(100))
        #expect(baseline.model.samples == 4)
    }
    @Test func `ignores the announced interval`() throws {
        #expect(try Baseline.begun("akka", announcing: .hours(1)).timeout() == Baseline.begun("akka").timeout())
    }
    @Test func `does not learn from the gap that ended a suspicion`() throws {
        var baseline = try Baseline.begun("akka")
        baseline.observe(every: .seconds(1), times: 50)
        let before = (baseline.timeout(), baseline.model.samples)
        let timeout = try #require(before.0)
        baseline.observe(after: timeout)
        #expect((baseline.timeout(), baseline.model.samples) == before)
        baseline.observe(after: timeout - 1)
        #expect(baseline.model.samples == 51)
        #expect(try #require(baseline.timeout()) > timeout)
    }
    @Test func `never adapts to a node that becomes much slower`() throws {
        var baseline = try Baseline.begun("akka")
        baseline.observe(every: .milliseconds(100), times: 1000)
        let timeout = try #require(baseline.timeout())
        for _ in 0..<1000 {
            baseline.observe(after: .seconds(4))
            #expect(baseline.timeout() == timeout)
        }
    }
    @Test func `decides by its own threshold whether to learn, whatever the policy`() throws {
        for (threshold, learned) in [(1, 10), (1000, 11)] {
            var baseline = try Baseline.begun("akka threshold=\(threshold)")
            baseline.observe(every: .seconds(1), times: 10)
            baseline.observe(after: .seconds(5))
            #expect(baseline.model.samples == learned)
        }
    }
    @Test func `counts whole milliseconds since the first heartbeat`() throws {
        var baseline = try Baseline.begun("akka max-sample-size=2")
        baseline.observe(after: 1_500_000)
        baseline.observe(after: 1_500_000)
        #expect(baseline.model.expectedGap == 1_500_000)  // gaps of 1 ms and 2 ms
        // 1.5 + 3000 + 5.226 · 100, from 3.0 ms.
        #expect(baseline.timeout() == .milliseconds(3525))
        baseline.observe(after: 700_000)
        // Gaps of 2 ms and 0 ms; the next tick is 0.3 ms away.
        #expect(baseline.timeout() == .milliseconds(3524) - 700_000)
    }
    @Test func `has a φ that rises in steps of a millisecond`() throws {
        var baseline = try Baseline.begun("akka acceptable-heartbeat-pause=0s")
        baseline.observe(after: 3_700_000)
        let phi = try #require(baseline.phi(after: 300_000))
        #expect(try #require(baseline.phi(after: 299_999)) < phi)
        #expect(baseline.phi(after: 1_299_999) == phi)
        #expect(try #require(baseline.phi(after: 1_300_000)) > phi)
    }
    @Test func `at a resolution of 1 ns is the same without steps`() throws {
        var coarse = try Baseline.begun("akka")
        var fine = try Baseline.begun("akka resolution=1ns")
        var random = SplitMix64(seed: 3)
        for _ in 0..<300 {
            let gap = Int64.random(in: .milliseconds(900)...(.milliseconds(1100)), using: &random)
            coarse.observe(after: gap)
            fine.observe(after: gap)
        }
        #expect(try abs(#require(coarse.timeout()) - #require(fine.timeout())) < .milliseconds(2))
    }
    @Test func `keeps what it learned when a new schedule begins`() throws {
        var baseline = try Baseline.begun("akka")
        baseline.observe(every: .milliseconds(100), times: 300)
        let before = (baseline.timeout(), baseline.model.samples)
        baseline.begin(announcing: .hours(1))
        #expect((baseline.timeout(), baseline.model.samples) == before)
    }
    @Test func `has a deviation above 0 even with a floor below a millisecond`() throws {
        var baseline = try Baseline.begun(
            "akka min-std-deviation=1us acceptable-heartbeat-pause=0s max-sample-size=5 threshold=1000000")
        baseline.observe(every: .milliseconds(100), times: 5)
        #expect(baseline.timeout() == .milliseconds(101))
        #expect(try #require(baseline.phi(after: .days(365))).isFinite)
    }
}

@Suite struct `Hazelcast's detector` {
    /// Source: hazelcast/hazelcast, `PhiAccrualFailureDetectorTest.java`: threshold 1, floor 100 ms, pause 1 s,
    /// estimate 100 ms.
    @Test func `meets the expectations of Hazelcast's own test`() throws {
        let baseline = try Baseline.begun(
            "hazelcast threshold=1 max-sample-size=100 acceptable-heartbeat-pause=1s first-heartbeat-estimate=100ms")
        // “suspicionLevel_whenHeartbeat” expects 0. The exact φ is 2·10⁻⁴⁹, which Hazelcast's doubles lose.
        #expect(try #require(baseline.phi(after: 0)) < 1e-40)
        #expect(try #require(baseline.phi(after: .milliseconds(500))) < 1)
        #expect(try #require(baseline.phi(after: .milliseconds(2000))) >= 1)
    }
    @Test func `has a timeout of 72 s at first, and later of the gap, a minute, and six floors`() throws {
        var baseline = try Baseline.begun("hazelcast")
        // An estimate of 5 s ± 1.25 s, a pause of 60 s, and 5.799 deviations.
        #expect(baseline.timeout(phi: 10) == .milliseconds(72_249))
        baseline.observe(every: .seconds(5), times: 200)
        #expect(baseline.timeout(phi: 10) == .milliseconds(65_580))
    }
    @Test func `learns from every gap, outages included`() throws {
        var baseline = try Baseline.begun("hazelcast")
        baseline.observe(every: .seconds(5), times: 199)
        baseline.observe(after: .hours(1))
        #expect(baseline.model.samples == 200)
        // Mean 23 s, deviation 254 s.
        #expect(try #require(baseline.timeout(phi: 10)) > .seconds(1500))
    }
}
