import PhiAccrual
import TestSupport
import Testing

@Suite struct `Chen's detector` {
    @Test func `expects the schedule plus its mean lateness, and adds a margin`() throws {
        var baseline = try Baseline.begun("chen window=3 alpha=10ms interval=100ms")
        // Arrivals at 0, 103, 198, 305 ms of numbers 0, 1, 2, 3: the last three are late by 3, −2, 5 ms, on average by
        // 2.
        for gap in [103, 95, 107] as [Int64] { baseline.observe(after: .milliseconds(gap)) }
        #expect(baseline.model.expectedGap == .milliseconds(402 - 305))
        #expect(baseline.timeout() == .milliseconds(412 - 305))
        #expect(baseline.phi(after: .days(1)) == nil)
    }
    @Test func `is not affected by losses`() throws {
        var baseline = try Baseline.begun("chen window=8 alpha=1ms interval=100ms")
        for step in [1, 4, 1, 1, 20, 3] as [Int64] { baseline.observe(after: .milliseconds(100) * step, step: step) }
        #expect(baseline.timeout() == .milliseconds(101))
    }
    @Test func `has a shorter timeout after a late heartbeat`() throws {
        var baseline = try Baseline.begun("chen window=4 alpha=0s interval=100ms")
        baseline.observe(every: .milliseconds(100), times: 10)
        baseline.observe(after: .milliseconds(180))
        #expect(baseline.timeout() == .milliseconds(40))  // 20 ms late on average, this one 80 ms
        baseline.observe(after: .milliseconds(300), step: 1)
        #expect(baseline.timeout() == .milliseconds(100 + 90 - 280))  // before the arrival itself
    }
    @Test func `uses the announced interval, or else learns one`() throws {
        var announced = try Baseline.begun("chen alpha=0s", announcing: .milliseconds(90))
        #expect(announced.timeout() == .milliseconds(90))
        announced.observe(after: .milliseconds(100))
        #expect(announced.timeout() == .milliseconds(85))  // late by 0 and 10 ms
        var learning = try Baseline.begun("chen alpha=0s")
        #expect(learning.timeout() == nil)
        #expect(learning.model.expectedGap == nil)
        learning.observe(after: .milliseconds(300), step: 3)
        #expect(learning.timeout() == .milliseconds(100))
    }
    @Test func `adapts to a period that changes permanently`() throws {
        var baseline = try Baseline.begun("chen alpha=0s")
        baseline.observe(every: .milliseconds(100), times: 10_000)
        baseline.observe(every: .milliseconds(300), times: 6_000)
        #expect(baseline.timeout() == .milliseconds(300))
    }
    @Test func `restarts the schedule with a new incarnation, and keeps the interval`() throws {
        var baseline = try Baseline.begun("chen alpha=10ms")
        baseline.observe(every: .milliseconds(100), times: 40)
        baseline.observe(after: .milliseconds(175))
        baseline.begin()
        #expect(baseline.model.samples == 0)
        #expect(try #require(baseline.timeout()) == 110_000_000 + 1_829_269)  // 4175 ms in 41 steps
    }
    @Test func `does not drift over a night of heartbeats`() throws {
        var model = ChenModel(.init())
        model.begin(announcedInterval: .milliseconds(100))
        var random = SplitMix64(seed: 1)
        var late: Int64 = 0
        for _ in 0..<300_000 {
            let next = Int64(truncatingIfNeeded: random.next() >> 44)
            model.observe(Arrival(gap: .milliseconds(100) + next - late, step: 1))
            late = next
        }
        for _ in 0..<40 {
            model.observe(Arrival(gap: .milliseconds(100) - late, step: 1))
            late = 0
        }
        #expect(model.timeout(until: ()) == .milliseconds(200))
    }
}

@Suite struct `The two-window detector` {
    @Test func `uses the later of two expectations`() throws {
        var baseline = try Baseline.begun("two-window n1=1 n2=4 margin=5ms interval=100ms")
        baseline.observe(every: .milliseconds(100), times: 10)
        baseline.observe(after: .milliseconds(140))
        #expect(baseline.timeout() == .milliseconds(105))  // short: 100 ms after the last; long: 70 ms
        baseline.observe(after: .milliseconds(60))
        #expect(baseline.timeout() == .milliseconds(115))  // short: 100 ms; long: one in four was 40 ms late
    }
    @Test(arguments: 0..<20 as Range<UInt64>) func `with equal windows is Chen's detector`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var two = try Baseline.begun("two-window n1=9 n2=9 margin=100ms")
        var chen = try Baseline.begun("chen window=9 alpha=100ms")
        for _ in 0..<50 {
            let arrival = Arrival(gap: random.anyMagnitude() >> 12, step: .random(in: 1...5, using: &random))
            two.observe(arrival)
            chen.observe(arrival)
            #expect(two.timeout() == chen.timeout())
        }
    }
    @Test func `with a short window of 1 has a timeout of at least the interval plus the margin`() throws {
        var random = SplitMix64(seed: 5)
        var baseline = try Baseline.begun("two-window margin=20ms interval=100ms")
        for _ in 0..<500 {
            baseline.observe(after: .random(in: 0...(.milliseconds(250)), using: &random))
            #expect(try #require(baseline.timeout()) >= .milliseconds(120))
        }
    }
}

@Suite struct `Bertier's detector` {
    @Test func `moves its two averages by a share of each new value`() throws {
        var baseline = try Baseline.begun("bertier window=1 gamma=0.5 beta=1 phi=4 interval=100ms")
        #expect(baseline.timeout() == .milliseconds(100))  // no margin yet
        baseline.observe(after: .milliseconds(120))
        // error 20, delay 10, var 10: a margin of 10 + 40
        #expect(baseline.timeout() == .milliseconds(150))
        baseline.observe(after: .milliseconds(90))
        // error −10 − 10 = −20, delay 0, var 10 + 0.5 (20 − 10) = 15
        #expect(baseline.timeout() == .milliseconds(160))
        baseline.observe(after: .milliseconds(204), step: 2)
        // expected after 200: error 4, delay 2, var 15 + 0.5 (4 − 15) = 9.5
        #expect(baseline.timeout() == .milliseconds(140))
    }
    @Test func `has no margin left on a quiet link`() throws {
        var baseline = try Baseline.begun("bertier", announcing: .milliseconds(100))
        baseline.observe(after: .milliseconds(150))
        baseline.observe(after: .milliseconds(50))
        #expect(try #require(baseline.timeout()) > .milliseconds(140))
        baseline.observe(every: .milliseconds(100), times: 3000)
        #expect(try #require(baseline.timeout()) <= .milliseconds(100) + 1)
    }
    @Test func `keeps its averages when a new schedule begins`() throws {
        var baseline = try Baseline.begun("bertier window=1 gamma=0.5 interval=100ms")
        baseline.observe(after: .milliseconds(120))
        baseline.begin()
        #expect(baseline.timeout() == .milliseconds(150))
    }
}

@Suite struct `A fixed timeout` {
    @Test func `learns nothing`() throws {
        var baseline = try Baseline.begun("fixed timeout=2s", announcing: .seconds(1))
        #expect(baseline.model.expectedGap == .seconds(1))
        for gap in [0, 1, .hours(1)] as [Int64] {
            baseline.observe(after: gap)
            #expect(baseline.timeout() == .seconds(2))
        }
        #expect(baseline.phi(after: .hours(1)) == nil)
        #expect(baseline.model.samples == 0)
    }
}
