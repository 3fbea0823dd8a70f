import PhiAccrual
import TestSupport
import Testing

@Suite struct `A node that says goodbye` {
    @Test func `has left at every level, and is never suspected`() {
        var watch = Watch.trusting("a", levels: .three)
        let emitted = watch.receive("a", 100, isLeaving: true, at: .seconds(10))
        #expect(emitted == (0..<3).map { .change("a", level: $0, .trusted, .left, at: .seconds(10)) })
        #expect(watch.deadline("a") == nil)
        for instant in [Int64.seconds(11), .hours(1), .days(36_500), .max] {
            #expect(watch.advance(to: instant).isEmpty)
        }
        #expect(watch.verdict("a") == .left)
    }
    @Test func `has left at every level, suspected or not`() {
        var watch = Watch.trusting("a", levels: .three)
        watch.advance(to: watch.deadline("a", level: 1) ?? 0)
        let emitted = watch.receive("a", 100, isLeaving: true, at: .seconds(10))
        #expect(
            emitted == [
                .change("a", level: 0, .suspected, .left, at: .seconds(10)),
                .change("a", level: 1, .suspected, .left, at: .seconds(10)),
                .change("a", level: 2, .trusted, .left, at: .seconds(10)),
            ])
    }
    @Test func `no longer has a φ`() {
        var watch = Watch.trusting("a")
        watch.receive("a", 100, isLeaving: true, at: .seconds(10))
        #expect(watch.phi("a", at: .hours(1)) == nil)
        #expect(watch.status("a", at: .hours(1))?.phi == nil)
        #expect(watch.status("a", at: .hours(1))?.levels[0].timeout == nil)
    }
    @Test func `emits the change once`() {
        var watch = Watch.trusting("a")
        #expect(watch.receive("a", 100, isLeaving: true, at: .seconds(10)).count == 1)
        #expect(watch.receive("a", 101, isLeaving: true, at: .seconds(10)).isEmpty)
    }
    @Test func `without an earlier heartbeat is not watched`() {
        var watch = Watch()
        #expect(watch.receive("a", 0, isLeaving: true, at: 0).isEmpty)
        #expect(watch.outcome == .unknownGoodbye)
        #expect(watch.detector.nodeCount == 0)
    }
    @Test func `has left even if only its name was known`() {
        var watch = Watch()
        watch.announce("a", at: 0)
        #expect(watch.receive("a", 0, isLeaving: true, at: 5) == [.change("a", .new, .left, at: 5)])
    }
    @Test func `is trusted again at its next heartbeat`() {
        var watch = Watch.trusting("a")
        watch.receive("a", 100, isLeaving: true, at: .seconds(10))
        #expect(
            watch.receive("a", 0, incarnation: 2, at: .hours(2)) == [.change("a", .left, .trusted, at: .hours(2))])
        #expect(watch.status("a")?.samples == 100)
    }
    @Test func `and returns was not late in the meantime`() {
        var watch = Watch.trusting("a")
        watch.receive("a", 100, isLeaving: true, at: .seconds(10))
        watch.receive("a", 101, at: .hours(2))
        #expect(watch.status("a")?.samples == 100)
        #expect((watch.status("a")?.expected).map { abs($0 - .milliseconds(100)) < .milliseconds(1) } == true)
    }
    @Test func `and returns is learning if it had too few heartbeats`() {
        var watch = Watch()
        watch.announce("a", at: 0)
        watch.receive("a", 0, announcing: .seconds(1), at: 0)
        #expect(watch.receive("a", 1, isLeaving: true, at: 1) == [.change("a", .learning, .left, at: 1)])
        #expect(watch.receive("a", 0, incarnation: 2, at: 2) == [.change("a", .left, .learning, at: 2)])
    }
}

@Suite struct `A node that stays silent for the retention time` {
    @Test func `is forgotten at that instant, and not a nanosecond before`() {
        var watch = Watch.trusting("a", levels: .three, retention: .hours(1))
        let end = watch.lastArrival + .hours(1)
        #expect(watch.advance(to: end - 1).count == 3)
        #expect(watch.advance(to: end) == (0..<3).map { .change("a", level: $0, .suspected, .forgotten, at: end) })
        #expect(watch.detector.nodeCount == 0)
        #expect(watch.status("a") == nil)
        #expect(watch.detector.nextDeadline == nil)
    }
    @Test func `has evidence of how late the detector noticed`() {
        var watch = Watch.trusting("a", retention: .hours(1))
        watch.advance(to: watch.lastArrival + .hours(1) + 77)
        #expect(watch.events.count == 2)
        #expect(watch.evidence?.ownLate == 77)
        #expect(watch.evidence?.silence == .hours(1))
    }
    @Test func `is forgotten without suspicion if the retention time ends first`() {
        var watch = Watch.trusting("a", retention: .milliseconds(120))
        let end = watch.lastArrival + .milliseconds(120)
        #expect(watch.advance(to: .hours(1)) == [.change("a", .trusted, .forgotten, at: end)])
    }
    @Test func `is forgotten after its goodbye too`() {
        var watch = Watch.trusting("a", retention: .hours(1))
        watch.receive("a", 100, isLeaving: true, at: .seconds(10))
        let end = Int64.seconds(10) + .hours(1)
        #expect(watch.advance(to: .days(1)) == [.change("a", .left, .forgotten, at: end)])
    }
    @Test func `is kept by a heartbeat at the last moment`() {
        var watch = Watch.trusting("a", retention: .hours(1))
        let end = watch.lastArrival + .hours(1)
        #expect(watch.receive("a", 100, at: end).isEmpty)
        #expect(watch.advance(to: end).isEmpty)
        #expect(watch.detector.nodeCount == 1)
    }
    @Test func `leaves its slot to another node, and starts over when it returns`() throws {
        var watch = Watch.trusting("a", retention: .hours(1))
        watch.receive("a", 200, at: .seconds(10))
        watch.advance(to: .hours(2))
        watch.announce("b", at: .hours(2))
        watch.receive("b", 0, at: .hours(2))
        // `b` reuses the slot of `a` and inherits nothing from it.
        let status = try #require(watch.status("b", at: .hours(2)))
        #expect(status.samples == 0 && status.missing == 0 && status.expected == nil && status.discarded == 0)
        #expect(watch.deadline("b") == nil)
        #expect(watch.detector.statuses(from: 0, limit: 10, at: Instant(nanoseconds: 0)).page.count == 1)

        watch.announce("a", at: .hours(2))
        #expect(watch.receive("a", 0, at: .hours(2)) == [.change("a", .new, .learning, at: .hours(2))])
        #expect(watch.detector.nodeCount == 2)
        #expect(watch.status("a")?.samples == 0)
    }
    @Test func `makes room for another node`() {
        var watch = Watch(retention: .hours(1), capacity: 1)
        watch.trust("a")
        watch.receive("b", 0, at: .seconds(10))
        #expect(watch.outcome == .tooManyNodes)
        watch.advance(to: .hours(2))
        watch.receive("b", 1, at: .hours(2))
        #expect(watch.outcome == .fresh)
    }
    @Test func `comes and goes a thousand times without a trace`() {
        var watch = Watch(retention: .seconds(10))
        for round in 0..<1000 as Range<Int64> {
            let start = Int64.hours(round)
            watch.trust("\(round)", afterHeartbeats: 3, every: .milliseconds(100), from: start)
            #expect(watch.advance(to: start + .seconds(30)).count == 2)
        }
        #expect(watch.detector.nodeCount == 0)
        #expect(watch.detector.statuses(from: 0, limit: 10, at: Instant(nanoseconds: 0)).page.isEmpty)
    }
}

@Suite struct `Nodes beyond the capacity` {
    @Test func `are refused and do not affect known nodes`() throws {
        var watch = Watch(capacity: 2)
        watch.trust("a")
        watch.trust("b")
        let known = ["a", "b"].map { watch.status($0) }
        for number in 0..<100 {
            #expect(watch.receive("c\(number)", 0, announcing: .seconds(1), at: .seconds(10)).isEmpty)
            #expect(watch.outcome == .tooManyNodes)
        }
        #expect(watch.detector.heartbeatCounts[.tooManyNodes] == 100)
        #expect(["a", "b"].map { watch.status($0) } == known)
        #expect(watch.receive("a", 100, at: .seconds(10)).isEmpty)
        #expect(watch.outcome == .fresh)
        let deadline = try #require(watch.deadline("b"))
        #expect(watch.advance(to: deadline) == [.change("b", .trusted, .suspected, at: deadline)])
    }
    @Test func `cannot be announced either`() throws {
        var watch = Watch(capacity: 1)
        watch.trust("a")
        let (now, stranger) = (Instant(nanoseconds: 0), try NodeIdentity(group: "lab", name: "b"))
        var events: [Event] = []
        let isIn = watch.detector.announce(stranger, key: .named("b"), at: now, into: &events)
        #expect(!isIn)
        #expect(watch.detector.nodeCount == 1)
        let known = try NodeIdentity(group: "lab", name: "a")
        let isKnown = watch.detector.announce(known, key: .named("a"), at: now, into: &events)
        #expect(isKnown)
        #expect(events.isEmpty)
    }
}
