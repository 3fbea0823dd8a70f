import PhiAccrual
import TestSupport
import Testing

@Suite struct `A detector with a backlog` {
    @Test func `learns once from what one node sent, and misses none of it`() throws {
        var watch = Watch.trusting("a")
        watch.detector.hasBacklog = true
        let samples = try #require(watch.status("a")?.samples)
        let now = watch.lastArrival + .milliseconds(100)
        #expect(watch.receive("a", 100, sent: 1, at: now).isEmpty && watch.outcome == .fresh)
        let deadline = watch.deadline("a")
        for number in [101, 102, 105] as [UInt32] {
            #expect(watch.receive("a", number, sent: Int64(number), at: now).isEmpty)
            #expect(watch.outcome == .coalesced)
        }
        #expect(watch.deadline("a") == deadline)
        #expect(watch.status("a")?.samples == samples + 1)
        #expect(watch.status("a")?.missing == 2)
        // What came before it, or once more, is what it always was.
        watch.receive("a", 104, at: now)
        #expect(watch.outcome == .late)
        watch.receive("a", 105, at: now)
        #expect(watch.outcome == .repeated)
        watch.receive("a", 106, at: now + .milliseconds(100))
        #expect(watch.outcome == .fresh)
        #expect(watch.status("a")?.samples == samples + 2)
        #expect(watch.status("a")?.missing == 2)
        #expect(watch.detector.heartbeatCounts[.coalesced] == 3)
    }

    @Test func `takes in what changes a verdict`() {
        var watch = Watch()
        watch.detector.hasBacklog = true
        watch.announce("a", at: 0)
        // Three heartbeats make trust, even at one instant.
        for number in 0..<2 as Range<UInt32> { watch.receive("a", number, at: 0) }
        #expect(watch.receive("a", 2, at: 0) == [.change("a", .learning, .trusted, at: 0)])
        // A restart, and a goodbye.
        watch.receive("a", 0, incarnation: 2, at: 0)
        #expect(watch.outcome == .fresh)
        #expect(watch.receive("a", 1, incarnation: 2, isLeaving: true, at: 0) == [.change("a", .trusted, .left, at: 0)])
    }

    @Test func `does not take a node that catches up for one that is late`() throws {
        var detector = Detector<AdaptiveModel>(.init(levels: [.suspect(.price(10))], model: .init()))
        var (random, events, sequence, now) = (SplitMix64(seed: 5), [Event](), UInt32(0), Int64(0))
        /// How long is waited after one more heartbeat.
        func timeoutAfter(gap: Int64) throws -> Int64 {
            (sequence, now) = (sequence + 1, now + gap)
            detector.receive(
                Heartbeat(key: .named("a"), sequence: sequence, announcedInterval: .milliseconds(100)),
                at: Instant(nanoseconds: now), into: &events)
            return try #require(detector.deadline(of: .named("a"))).nanoseconds - now
        }
        // Sent every 100 ms, and up to 40 ms under way: what was late is followed by a short gap.
        for number in 1...500 as ClosedRange<Int64> {
            let arrival = .milliseconds(100) * number + Int64.random(in: 0...(.milliseconds(40)), using: &random)
            _ = try timeoutAfter(gap: arrival - now)
        }
        // Twice six at once, of which the first is 500 ms late and the last in time.
        var timeouts: [Int64] = []
        for _ in 0..<2 {
            detector.hasBacklog = true
            _ = try timeoutAfter(gap: .milliseconds(600))
            for _ in 0..<4 { _ = try timeoutAfter(gap: 0) }
            timeouts.append(try timeoutAfter(gap: 0))
            detector.hasBacklog = false
            for _ in 0..<2 { timeouts.append(try timeoutAfter(gap: .milliseconds(100))) }
        }
        #expect(timeouts.allSatisfy { $0 > .milliseconds(100) }, "\(timeouts)")
    }

    @Test func `remembers it with all else`() throws {
        var watch = Watch.trusting("a")
        watch.detector.hasBacklog = true
        var writer = BinaryWriter()
        watch.detector.write(to: &writer)
        var reader = BinaryReader(writer.bytes)
        watch.detector = try Detector(model: .init(), from: &reader)
        let now = watch.lastArrival + .milliseconds(100)
        for (number, outcome) in [(100, HeartbeatOutcome.fresh), (101, .coalesced)] as [(UInt32, HeartbeatOutcome)] {
            watch.receive("a", number, at: now)
            #expect(watch.outcome == outcome)
        }
    }

    @Test func `learns from each heartbeat once it has none any more`() throws {
        var watch = Watch.trusting("a")
        watch.detector.hasBacklog = true
        watch.detector.hasBacklog = false
        let samples = try #require(watch.status("a")?.samples)
        let now = watch.lastArrival + .milliseconds(300)
        for number in 100...102 as ClosedRange<UInt32> {
            watch.receive("a", number, at: now)
            #expect(watch.outcome == .fresh)
        }
        #expect(watch.status("a")?.samples == samples + 3)
    }
}
