import PhiAccrual
import TestSupport
import Testing

@Suite struct `Cassandra's detector` {
    /// Source: apache/cassandra, `ArrivalWindowTest.java`: a window of 4, heartbeats every 111 ms. The newer version of
    /// the file expects the values without the factor, 1.0 and 22.03.
    @Test func `meets the expectations of Cassandra's own test`() throws {
        var baseline = try Baseline.begun("cassandra sampling-window-size=4")
        baseline.observe(every: .milliseconds(111), times: 4)
        #expect(abs(try #require(baseline.phi(after: .milliseconds(666 - 555))) - 0.4342) < 0.01)
        #expect(abs(try #require(baseline.phi(after: .milliseconds(3000 - 555))) - 9.566) < 0.01)

        var unscaled = try Baseline.begun("cassandra sampling-window-size=4 base=e")
        unscaled.observe(every: .milliseconds(111), times: 4)
        #expect(abs(try #require(unscaled.phi(after: .milliseconds(666 - 555))) - 1.0) < 0.01)
        #expect(abs(try #require(unscaled.phi(after: .milliseconds(3000 - 555))) - 22.03) < 0.01)
    }
    @Test func `has a timeout of 18.4 mean gaps at φ = 8`() throws {
        var baseline = try Baseline.begun("cassandra")
        baseline.observe(every: .seconds(1), times: 1000)
        #expect(baseline.timeout() == 18_420_680_744)  // 8 ln 10, rounded up
        #expect(baseline.timeout(phi: 1) == 2_302_585_093)
    }
    @Test func `ignores how much gaps vary`() throws {
        var baseline = try Baseline.begun("cassandra sampling-window-size=2")
        for gap in [1, 1999] as [Int64] { baseline.observe(after: .milliseconds(gap)) }
        #expect(baseline.timeout() == 18_420_680_744)
    }
    @Test func `starts with a gap of 2 s that stays until the window is full`() throws {
        var baseline = try Baseline.begun("cassandra", announcing: .milliseconds(100))
        #expect(baseline.model.expectedGap == .seconds(2))
        #expect(baseline.timeout() == 36_841_361_488)
        baseline.observe(every: .milliseconds(100), times: 219)
        #expect(try #require(baseline.timeout()) > .seconds(2))
        baseline.observe(every: .milliseconds(100), times: 2)
        #expect(try #require(baseline.timeout()) < .seconds(2))
        baseline.observe(every: .milliseconds(100), times: 778)
        #expect(baseline.model.expectedGap == 101_900_000)
        #expect(baseline.model.samples == 999)
        baseline.observe(after: .milliseconds(100))
        #expect(baseline.model.expectedGap == .milliseconds(100))
        #expect(baseline.model.samples == 1000)
    }
    @Test func `ignores gaps above the maximum`() throws {
        var baseline = try Baseline.begun("cassandra")
        baseline.observe(every: .seconds(1), times: 10)
        let before = (baseline.timeout(), baseline.model.samples)
        baseline.observe(after: .seconds(2) + 1)
        baseline.observe(after: .hours(5))
        #expect((baseline.timeout(), baseline.model.samples) == before)
        baseline.observe(after: .seconds(2))
        #expect(baseline.model.samples == 11)
    }
    @Test func `never learns if every gap exceeds the maximum`() throws {
        var baseline = try Baseline.begun("cassandra")
        baseline.observe(every: .seconds(5), times: 1000)
        #expect(baseline.model.samples == 0)
        #expect(baseline.timeout() == 36_841_361_488)
    }
    @Test func `keeps what it learned when a new schedule begins`() throws {
        var baseline = try Baseline.begun("cassandra")
        baseline.observe(every: .milliseconds(100), times: 300)
        let before = (baseline.timeout(), baseline.model.samples)
        baseline.begin(announcing: .hours(1))
        #expect((baseline.timeout(), baseline.model.samples) == before)
    }
}

@Suite struct `Chitchat's detector` {
    /// Source: quickwit-oss/chitchat, `failure_detector.rs`, “test_sampling_window”: a window of 10, a maximum gap of 5
    /// s, a prior of 2 s.
    @Test func `meets the expectations of chitchat's own window test`() throws {
        var baseline = try Baseline.begun("chitchat sampling-window-size=10 max-interval=5s initial-interval=2s")
        baseline.observe(after: .seconds(3))
        let mean = 13.0 / 6  // (3 + 5 · 2) / (1 + 5)
        #expect(baseline.phi(after: 0) == 0)
        #expect(abs(try #require(baseline.phi(after: .seconds(1))) - 1 / mean) < 1e-15)
        baseline.observe(after: .seconds(6))
        #expect(abs(try #require(baseline.phi(after: .seconds(2))) - 2 / mean) < 1e-15)
        baseline.observe(after: .seconds(102))  // dead: the window is cleared; the gap is too long to learn
        #expect(baseline.model.samples == 0)
        baseline.observe(after: .seconds(2))
        #expect(try #require(baseline.phi(after: .seconds(4))) == 2)  // a mean of (2 + 5 · 2) / (1 + 5)
    }
    /// Source: the same file, “…additive_smoothing_predominant_in_the_beginning” and “…effect_fades_off”.
    @Test func `has a long timeout at first and a short one later`() throws {
        var baseline = try Baseline.begun("chitchat")
        baseline.observe(after: .milliseconds(1200))
        baseline.observe(every: .milliseconds(200), times: 4)
        #expect(try #require(baseline.phi(after: .seconds(6))) <= 8)
        #expect(try #require(baseline.phi(after: .seconds(46))) > 8)
        var experienced = try Baseline.begun("chitchat")
        experienced.observe(every: .milliseconds(200), times: 1000)
        #expect(try #require(experienced.phi(after: .seconds(6))) > 8)
    }
    @Test func `has a timeout of 8 mean gaps at φ = 8`() throws {
        var baseline = try Baseline.begun("chitchat prior-weight=0")
        baseline.observe(every: .seconds(1), times: 1000)
        #expect(baseline.timeout() == .seconds(8))
    }
    @Test func `keeps its prior permanently`() throws {
        var baseline = try Baseline.begun("chitchat")
        #expect(baseline.timeout() == .seconds(40))
        baseline.observe(every: .seconds(1), times: 5000)
        #expect(baseline.timeout() == 8_159_203_981)  // 8 · (1000 + 25) / 1005 s, rounded up
    }
    @Test func `clears its window at a death, and learns from that gap if it is short enough`() throws {
        var baseline = try Baseline.begun("chitchat")
        baseline.observe(every: .milliseconds(200), times: 1000)
        baseline.observe(after: .seconds(5))
        #expect(baseline.model.samples == 1)
        #expect(baseline.model.expectedGap == .seconds(5))
        #expect(baseline.timeout() == .seconds(40))
    }
}
