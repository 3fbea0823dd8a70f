import PhiAccrual
import TestSupport
import Testing

@Suite struct `A node whose name was announced` {
    @Test func `is new and has no deadline`() {
        var watch = Watch(retention: .hours(1))
        #expect(watch.announce("a", at: 0).isEmpty)
        #expect(watch.verdict("a") == .new)
        #expect(watch.detector.nextDeadline == nil)
        #expect(watch.advance(to: .days(365)).isEmpty)
        #expect(watch.verdict("a") == .new)
        #expect(watch.phi("a", at: .days(365)) == nil)
    }
    @Test func `is learning from its first heartbeat and trusted from its third`() {
        var watch = Watch()
        watch.announce("a", at: 0)
        #expect(watch.receive("a", 7, at: 10) == [.change("a", .new, .learning, at: 10)])
        #expect(watch.receive("a", 8, at: .seconds(1)).isEmpty)
        #expect(watch.receive("a", 9, at: .seconds(2)) == [.change("a", .learning, .trusted, at: .seconds(2))])
    }
    @Test func `begins with nothing missing, whatever its first sequence number`() {
        var watch = Watch()
        watch.announce("a", at: 0)
        watch.receive("a", 4_000_000_000, at: 10)
        #expect(watch.status("a")?.missing == 0)
    }
}

@Suite struct `A node that is learning` {
    @Test func `gets its first deadline from the interval it announces`() throws {
        var watch = Watch()
        watch.announce("a", at: 0)
        watch.receive("a", 0, announcing: .seconds(1), at: .seconds(100))
        let deadline = try #require(watch.deadline("a"))
        // One interval plus 5.612 deviations; a deviation is a quarter of the interval.
        #expect(abs(deadline - .seconds(100) - .milliseconds(2403)) < .milliseconds(1))
        #expect(watch.status("a")?.samples == 0)
        #expect(watch.status("a")?.expected == .seconds(1))
    }
    @Test func `that announces no interval has no deadline before its first gap`() throws {
        var watch = Watch()
        watch.announce("a", at: 0)
        watch.receive("a", 0, at: 0)
        #expect(watch.deadline("a") == nil)
        #expect(watch.phi("a", at: .days(3)) == nil)
        #expect(watch.detector.nextDeadline == nil)
        #expect(watch.advance(to: .seconds(1)).isEmpty)
        watch.receive("a", 1, at: .seconds(2))
        #expect(try #require(watch.deadline("a")) > .seconds(4))
    }
    @Test func `is suspected like any other, and continues learning when it returns`() throws {
        var watch = Watch()
        watch.announce("a", at: 0)
        watch.receive("a", 0, announcing: .seconds(1), at: 0)
        let deadline = try #require(watch.deadline("a"))
        #expect(watch.advance(to: .seconds(20)) == [.change("a", .learning, .suspected, at: deadline)])
        #expect(watch.receive("a", 1, at: .seconds(20)) == [.change("a", .suspected, .learning, at: .seconds(20))])
        #expect(watch.receive("a", 2, at: .seconds(21)) == [.change("a", .learning, .trusted, at: .seconds(21))])
    }
    @Test func `is trusted at once if its third heartbeat ends a suspicion`() {
        var watch = Watch()
        watch.announce("a", at: 0)
        watch.receive("a", 0, announcing: .seconds(1), at: 0)
        watch.receive("a", 1, at: .seconds(1))
        #expect(watch.advance(to: .seconds(60)).count == 1)
        #expect(watch.receive("a", 2, at: .seconds(60)) == [.change("a", .suspected, .trusted, at: .seconds(60))])
    }
    @Test func `whose first heartbeats share one timestamp has no deadline before a later one`() throws {
        var watch = Watch()
        watch.announce("a", at: 0)
        for number in 0..<10 { watch.receive("a", UInt32(number), at: .seconds(5)) }
        #expect(watch.verdict("a") == .trusted)
        #expect(watch.deadline("a") == nil)
        watch.receive("a", 10, at: .seconds(6))
        #expect(try #require(watch.deadline("a")) > .seconds(7))
        #expect(try #require(watch.phi("a", at: .days(365))).isFinite)
    }
}

@Suite struct `Several levels` {
    @Test func `suspect at different deadlines, and trust together`() throws {
        var watch = Watch.trusting("a", levels: .three)
        let deadlines = try (0..<3).map { try #require(watch.deadline("a", level: $0)) }
        #expect(deadlines == deadlines.sorted())
        #expect(Set(deadlines).count == 3)
        for (level, deadline) in deadlines.enumerated() {
            #expect(watch.advance(to: deadline - 1).isEmpty)
            #expect(watch.advance(to: deadline) == [.change("a", level: level, .trusted, .suspected, at: deadline)])
        }
        let back = Int64.seconds(60)
        #expect(
            watch.receive("a", 100, at: back) == (0..<3).map { .change("a", level: $0, .suspected, .trusted, at: back) }
        )
    }
    @Test func `each emit their own timeout`() throws {
        var watch = Watch.trusting("a", levels: .three)
        let timeouts = try (0..<3).map { try #require(watch.deadline("a", level: $0)) - watch.lastArrival }
        watch.advance(to: .seconds(60))
        let emitted = watch.events.compactMap { event -> Evidence? in
            if case .transition(let transition) = event { transition.evidence } else { nil }
        }
        #expect(emitted.map(\.timeout) == timeouts)
        #expect(emitted.map(\.silence) == timeouts)
    }
    @Test func `emit a return only if they suspected`() throws {
        var watch = Watch.trusting("a", levels: .three)
        let between = try #require(watch.deadline("a", level: 1))
        watch.advance(to: between)
        #expect(watch.verdict("a", level: 2) == .trusted)
        #expect(
            watch.receive("a", 100, at: between + 1) == [
                .change("a", level: 0, .suspected, .trusted, at: between + 1),
                .change("a", level: 1, .suspected, .trusted, at: between + 1),
            ])
    }
    @Test func `may number eight`() throws {
        let levels = try (1...8).map { try Level(name: "level-\($0)", policy: .phi(Double($0))) }
        var watch = Watch.trusting("a", levels: levels)
        let emitted = watch.advance(to: .seconds(60))
        #expect(
            emitted
                == (0..<8).map {
                    .change("a", level: $0, .trusted, .suspected, at: watch.deadline("a", level: $0) ?? 0)
                })
        #expect(watch.receive("a", 100, at: .seconds(60)).count == 8)
    }
    @Test func `with equal policies emit in their order`() throws {
        let levels = try ["x", "y"].map { try Level(name: $0, policy: .phi(3)) }
        var watch = Watch.trusting("a", levels: levels)
        let deadline = try #require(watch.deadline("a"))
        #expect(
            watch.advance(to: deadline) == (0..<2).map { .change("a", level: $0, .trusted, .suspected, at: deadline) })
    }
}
