import PhiAccrual
import TestSupport
import Testing

@Suite struct `A node that restarts` {
    @Test func `does not have to learn again`() {
        var watch = Watch.trusting("a")
        #expect(watch.receive("a", 0, incarnation: 2, at: .seconds(10)).isEmpty)
        #expect(watch.verdict("a") == .trusted)
        #expect(watch.status("a")?.incarnation == 2)
    }
    @Test func `is trusted again at its first heartbeat if it was suspected`() {
        var watch = Watch.trusting("a")
        watch.advance(to: .seconds(60))
        #expect(
            watch.receive("a", 0, incarnation: 2, at: .seconds(60)) == [
                .change("a", .suspected, .trusted, at: .seconds(60))
            ])
        #expect(watch.evidence?.silence == .seconds(60) - .milliseconds(9900))
    }
    @Test func `does not have its timeout changed by the outage`() throws {
        var watch = Watch.trusting("a")
        let before = try #require(watch.status("a"))
        watch.advance(to: .hours(1))
        watch.receive("a", 0, incarnation: 2, at: .hours(1))
        let after = try #require(watch.status("a"))
        #expect(after.samples == before.samples)
        #expect(after.expected == before.expected)
        #expect(after.levels[0].timeout == before.levels[0].timeout)
        #expect(watch.deadline("a") == .hours(1) + (before.levels[0].timeout ?? 0))
    }
    @Test func `begins with nothing missing`() {
        var watch = Watch.trusting("a")
        watch.receive("a", 110, at: .seconds(10))
        #expect(watch.status("a")?.missing == 10)
        watch.receive("a", 40, incarnation: 2, at: .seconds(11))
        #expect(watch.status("a")?.missing == 0)
        watch.receive("a", 42, incarnation: 2, at: .seconds(12))
        #expect(watch.status("a")?.missing == 1)
    }
    @Test func `has no sender lateness across the restart`() {
        var watch = Watch()
        watch.announce("a", at: 0)
        for number in 0..<10 as Range<Int64> {
            watch.receive("a", UInt32(number), sent: .seconds(1000 + number), at: .seconds(number))
        }
        watch.advance(to: .seconds(60))
        watch.receive("a", 0, incarnation: 2, sent: .seconds(3), at: .seconds(60))
        #expect(watch.events.count == 1)
        #expect(watch.evidence?.senderLate == nil)
    }
}

@Suite struct `A discarded heartbeat` {
    static let discarded: [(Heartbeat, HeartbeatOutcome)] = [
        (Heartbeat(key: .named("a"), incarnation: 4, sequence: 100), .staleIncarnation),
        (Heartbeat(key: .named("a"), incarnation: 4, sequence: .max), .staleIncarnation),
        (Heartbeat(key: .named("a"), incarnation: 5, sequence: 99), .duplicate),
        (Heartbeat(key: .named("a"), incarnation: 5, sequence: 98), .outOfOrder),
        (Heartbeat(key: .named("a"), incarnation: 5, sequence: 0), .outOfOrder),
        (Heartbeat(key: .named("a"), incarnation: 5, sequence: 99 &- (1 << 31)), .outOfOrder),
        (Heartbeat(key: .named("a"), incarnation: 5, sequence: 1_000_000), .implausibleJump),
        (Heartbeat(key: .named("a"), incarnation: 5, sequence: 1_000_000, isLeaving: true), .implausibleJump),
        (Heartbeat(key: .named("a"), incarnation: 5, sequence: 99, isLeaving: true), .duplicate),
    ]
    @Test(arguments: discarded) func `is counted and changes nothing else`(
        heartbeat: Heartbeat, outcome: HeartbeatOutcome
    ) throws {
        var watch = Watch()
        watch.announce("a", at: 0)
        for number in 0..<100 {
            watch.receive("a", UInt32(number), incarnation: 5, announcing: .seconds(1), at: .seconds(Int64(number)))
        }
        var before = try #require(watch.status("a", at: .seconds(100)))
        #expect(watch.receive(heartbeat, at: .seconds(100)).isEmpty)
        #expect(watch.outcome == outcome)
        #expect(watch.detector.heartbeatCounts[outcome] == 1)
        before.discarded += 1
        #expect(watch.status("a", at: .seconds(100)) == before)
    }
    @Test func `does not delay suspicion`() throws {
        var watch = Watch.trusting("a")
        let deadline = try #require(watch.deadline("a"))
        watch.receive("a", 99, at: deadline)
        watch.receive("a", 50, at: deadline)
        #expect(watch.advance(to: deadline) == [.change("a", .trusted, .suspected, at: deadline)])
    }
    @Test func `that is a duplicate or late never ends a suspicion, however often it arrives`() {
        var watch = Watch.trusting("a")
        watch.advance(to: .seconds(60))
        for _ in 0..<100 { #expect(watch.receive("a", 99, at: .seconds(60)).isEmpty) }
        for _ in 0..<100 { #expect(watch.receive("a", 98, at: .seconds(60)).isEmpty) }
        #expect(watch.verdict("a") == .suspected)
        #expect(watch.status("a")?.discarded == 200)
    }
}

@Suite struct `Sequence numbers` {
    @Test func `wrap around to 0`() {
        var watch = Watch()
        watch.announce("a", at: 0)
        for number in 0..<20 {
            watch.receive("a", (.max - 9) &+ UInt32(number), at: .seconds(Int64(number)))
            #expect(watch.outcome == .fresh)
        }
        #expect(watch.status("a")?.sequence == 9)
        #expect(watch.status("a")?.missing == 0)
        watch.receive("a", .max, at: .seconds(20))
        #expect(watch.outcome == .outOfOrder)
    }
    @Test func `that are skipped count as missing`() {
        var watch = Watch.trusting("a")
        watch.receive("a", 105, at: .seconds(10))
        #expect(watch.status("a")?.missing == 5)
        watch.receive("a", 106, at: .seconds(11))
        #expect(watch.status("a")?.missing == 5)
    }
    @Test(arguments: [(Int64.seconds(1), 86_400 as UInt32), (.hours(1), 1000), (.milliseconds(10), 8_640_000)])
    func `may jump by a day of heartbeats or by a thousand`(interval: Int64, most: UInt32) {
        let trusting = Watch.trusting("a", every: interval)
        var watch = trusting
        watch.receive("a", 99 + most, at: 100 * interval)
        #expect(watch.outcome == .fresh)
        #expect(watch.status("a")?.missing == Int64(most) - 1)
        watch = trusting
        watch.receive("a", 99 + most + 1, at: 100 * interval)
        #expect(watch.outcome == .implausibleJump)
    }
    @Test func `that jump further are accepted after two more in order`() throws {
        var watch = Watch.trusting("a")
        #expect(watch.receive("a", 2_000_000_000, at: .seconds(10)).isEmpty)
        #expect(watch.receive("a", 2_000_000_001, at: .milliseconds(10_100)).isEmpty)
        #expect(watch.status("a")?.sequence == 99)
        #expect(
            watch.receive("a", 2_000_000_002, at: .milliseconds(10_200)) == [
                .notice(.takeover, at: .milliseconds(10_200))
            ]
        )
        #expect(watch.outcome == .fresh)
        #expect(watch.status("a")?.sequence == 2_000_000_002)
        #expect(watch.status("a")?.missing == 0)
        #expect(try #require(watch.deadline("a")) > .milliseconds(10_200))
    }
    @Test func `that jump do not block the true ones`() {
        var watch = Watch.trusting("a")
        for number in 100..<200 as Range<Int64> {
            watch.receive("a", 3_000_000 + UInt32(number) * 100_000, at: .milliseconds(100 * number))
            #expect(watch.receive("a", UInt32(number), at: .milliseconds(100 * number)).isEmpty)
            #expect(watch.outcome == .fresh)
        }
        #expect(watch.status("a")?.sequence == 199)
    }
}
