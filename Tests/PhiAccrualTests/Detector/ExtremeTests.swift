import PhiAccrual
import TestSupport
import Testing

/// Instants and intervals come from files and from the network, which can contain any value.
@Suite struct `At the ends of time` {
    static let instants: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
    static let intervals: [Int64] = [.min, -1, 0, 1, 2, .seconds(1), .max - 1, .max]

    @Test(arguments: instants, intervals) func `a detector keeps working`(now: Int64, interval: Int64) throws {
        var watch = Watch(levels: .three, retention: interval > 0 ? interval : nil)
        watch.announce("a", at: now)
        for number in 0..<5 { watch.receive("a", UInt32(number), sent: .max, announcing: interval, at: now) }
        watch.receive("b", 0, sent: .min, announcing: interval, at: now)
        #expect(watch.detector.heartbeatCounts[.fresh] == 6)
        #expect(watch.verdict("a") == .trusted)
        for instant in Self.instants {
            let status = try #require(watch.status("a", at: instant))
            // Without an announced interval, equal timestamps give no φ.
            #expect(interval > 0 ? try #require(status.phi).isFinite : status.phi == nil)
            #expect(status.levels.allSatisfy { $0.deadline.map { $0.nanoseconds >= now } ?? true })
        }
        for instant in Self.instants {
            for emitted in watch.advance(to: instant) {
                guard case .change(_, _, _, _, let at) = emitted else { continue }
                #expect(at <= instant && at >= now)
            }
        }
        for (number, instant) in Self.instants.reversed().enumerated() {
            watch.receive("a", UInt32(5 + number), sent: .min, announcing: interval, at: instant)
            watch.receive("b", UInt32(5 + number), announcing: interval, isLeaving: number % 2 == 0, at: instant)
        }
        _ = watch.advanceIdeally(before: .max)
        #expect(watch.detector.nextDeadline == nil)
    }
    @Test func `no node is ever due`() {
        var watch = Watch(retention: .hours(1))
        // A deadline past the end of time never comes.
        watch.trust("a", afterHeartbeats: 3, every: 1, from: .max - 10)
        watch.receive("a", 3, announcing: .seconds(1), at: .max)
        #expect(watch.advance(to: .max).isEmpty)
        #expect(watch.verdict("a") == .trusted)
    }
    @Test func `the maximum interval counts as 208 days`() {
        var watch = Watch()
        watch.announce("a", at: 0)
        watch.receive("a", 0, announcing: .max, at: 0)
        #expect(watch.status("a")?.expected == ArrivalWindow.maxGap)
        #expect(watch.advance(to: .days(200)).isEmpty)
        #expect(watch.advance(to: .max).count == 1)
    }
    @Test func `the minimum interval is a nanosecond`() throws {
        var watch = Watch()
        watch.announce("a", at: 0)
        watch.receive("a", 0, announcing: 1, at: 0)
        #expect(watch.status("a")?.expected == 1)
        #expect((1...10).contains(try #require(watch.deadline("a"))))
    }
}

@Suite struct `A clock that goes backwards` {
    @Test func `produces no negative gap`() throws {
        var watch = Watch.trusting("a")
        #expect(watch.receive("a", 100, at: .seconds(3)).isEmpty)
        #expect(watch.outcome == .fresh)
        // 99 gaps of 100 ms, two prior gaps of 75 and 125 ms, and one gap of 0.
        #expect(watch.status("a")?.expected == 99_019_608)
        let deadline = try #require(watch.deadline("a"))
        #expect(deadline > .seconds(3) && deadline < .seconds(4))
        #expect(watch.advance(to: deadline) == [.change("a", .trusted, .suspected, at: deadline)])
    }
    @Test func `causes no event twice`() throws {
        var watch = Watch.trusting("a")
        #expect(watch.advance(to: .seconds(60)).count == 1)
        #expect(watch.advance(to: 0).isEmpty)
        #expect(watch.advance(to: .min).isEmpty)
        #expect(watch.advance(to: .seconds(60)).isEmpty)
        #expect(try #require(watch.phi("a", at: 0)) < 1e-9)
    }
    @Test func `reports no negative silence`() {
        var watch = Watch()
        watch.receive("a", 0, announcing: .seconds(1), at: .seconds(100))
        watch.announce("a", at: .seconds(50))
        #expect(watch.evidence?.silence == 0)
    }
}
