import BinaryCoding
import PhiAccrual
import TestSupport
import Testing

@Suite struct `A detector with a backlog` {
    @Test func `learns once from the heartbeats of a node, and counts all of them`() throws {
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
        // Out-of-order and duplicate heartbeats keep their usual outcomes.
        watch.receive("a", 104, at: now)
        #expect(watch.outcome == .outOfOrder)
        watch.receive("a", 105, at: now)
        #expect(watch.outcome == .duplicate)
        watch.receive("a", 106, at: now + .milliseconds(100))
        #expect(watch.outcome == .fresh)
        #expect(watch.status("a")?.samples == samples + 2)
        #expect(watch.status("a")?.missing == 2)
        #expect(watch.detector.heartbeatCounts[.coalesced] == 3)
    }

    @Test func `applies every heartbeat that changes a verdict`() {
        var watch = Watch()
        watch.detector.hasBacklog = true
        watch.announce("a", at: 0)
        // Three heartbeats establish trust, even at one instant.
        for number in 0..<2 as Range<UInt32> { watch.receive("a", number, at: 0) }
        #expect(watch.receive("a", 2, at: 0) == [.change("a", .learning, .trusted, at: 0)])
        // A restart and a goodbye are applied too.
        watch.receive("a", 0, incarnation: 2, at: 0)
        #expect(watch.outcome == .fresh)
        #expect(watch.receive("a", 1, incarnation: 2, isLeaving: true, at: 0) == [.change("a", .trusted, .left, at: 0)])
    }

    @Test func `does not mistake a node that catches up for a late one`() throws {
        var detector = Detector<AdaptiveModel>(.init(levels: [.suspect(.price(10))], model: .init()))
        var (random, events, sequence, now) = (SplitMix64(seed: 5), [Event](), UInt32(0), Int64(0))
        /// Receives one more heartbeat and returns the timeout after it, in nanoseconds.
        func timeoutAfter(gap: Int64) throws -> Int64 {
            (sequence, now) = (sequence + 1, now + gap)
            detector.receive(
                Heartbeat(key: .named("a"), sequence: sequence, announcedInterval: .milliseconds(100)),
                at: Instant(nanoseconds: now), into: &events)
            return try #require(detector.deadline(of: .named("a"))).nanoseconds - now
        }
        // Sent every 100 ms with a delay of up to 40 ms: a short gap follows a late heartbeat.
        for number in 1...500 as ClosedRange<Int64> {
            let arrival = .milliseconds(100) * number + Int64.random(in: 0...(.milliseconds(40)), using: &random)
            _ = try timeoutAfter(gap: arrival - now)
        }
        // Twice, six heartbeats arrive at once: the first is 500 ms late, the last is on time.
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

    @Test func `keeps the backlog flag in its stored state`() throws {
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

    @Test func `learns from each heartbeat again once the backlog is drained`() throws {
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
