import PhiAccrual
import TestSupport
import Testing

@Suite struct `A node that falls silent` {
    @Test func `is suspected at the announced deadline and not a nanosecond before`() throws {
        var watch = Watch.trusting("a")
        let deadline = try #require(watch.deadline("a"))
        #expect(watch.advance(to: deadline - 1).isEmpty)
        #expect(watch.advance(to: deadline) == [.change("a", .trusted, .suspected, at: deadline)])
    }
    @Test(arguments: 0..<20 as Range<UInt64>) func `is suspected at its deadline, whatever its gaps were`(
        seed: UInt64
    ) throws {
        var random = SplitMix64(seed: seed)
        var watch = Watch()
        watch.announce("a", at: 0)
        var now: Int64 = 0
        for number in 0..<100 {
            watch.receive("a", UInt32(number), at: now)
            now += random.anyMagnitude() >> 20
            watch.advanceIdeally(before: now)
        }
        let deadline = try #require(watch.deadline("a"))
        if watch.verdict("a") == .trusted {
            #expect(watch.advance(to: deadline - 1).isEmpty)
            #expect(watch.advance(to: deadline) == [.change("a", .trusted, .suspected, at: deadline)])
        } else {
            #expect(deadline < now)
        }
    }
    @Test func `is suspected once`() throws {
        var watch = Watch.trusting("a")
        let deadline = try #require(watch.deadline("a"))
        #expect(watch.advance(to: deadline).count == 1)
        #expect(watch.advance(to: deadline).isEmpty)
        #expect(watch.advance(to: deadline + .days(365)).isEmpty)
        #expect(watch.detector.nextDeadline == nil)
    }
    @Test func `is suspected by an ideal observer once the deadline has passed`() throws {
        var watch = Watch.trusting("a")
        let deadline = try #require(watch.deadline("a"))
        #expect(watch.advanceIdeally(before: deadline).isEmpty)
        #expect(watch.advanceIdeally(before: deadline + 1) == [.change("a", .trusted, .suspected, at: deadline)])
        #expect(watch.evidence?.ownLate == 0)
    }
    @Test func `is suspected when φ reaches the threshold`() throws {
        let watch = Watch.trusting("a")
        let deadline = try #require(watch.deadline("a"))
        #expect(try #require(watch.phi("a", at: deadline)) >= 8 - 1e-12)
        #expect(try #require(watch.phi("a", at: deadline - 2)) < 8)
    }
    @Test func `is trusted again at the instant of its next heartbeat`() throws {
        var watch = Watch.trusting("a")
        let silentSince = watch.lastArrival
        watch.advance(to: .seconds(20))
        #expect(watch.receive("a", 100, at: .seconds(30)) == [.change("a", .suspected, .trusted, at: .seconds(30))])
        let evidence = try #require(watch.evidence)
        #expect(evidence.silence == .seconds(30) - silentSince)
        #expect(evidence.ownLate == 0)
        #expect(try #require(evidence.phi) > 8)
    }
    @Test func `returns with evidence from the returning heartbeat`() throws {
        var watch = Watch.trusting("a")
        watch.receive("a", 100, sent: .seconds(5), at: .seconds(10))
        watch.advance(to: .seconds(20))
        #expect(try #require(watch.evidence).missing == 0)
        watch.receive("a", 151, sent: .seconds(20), at: .seconds(30))
        let evidence = try #require(watch.evidence)
        #expect(evidence.missing == 50)
        #expect(evidence.samples == 101)
        // 51 intervals of 100 ms should have passed; 15 s did.
        #expect(evidence.senderLate == .milliseconds(15_000 - 5_100))
        // The gap that was expected before it arrived, and the timeout after it.
        #expect(evidence.expected == .milliseconds(100))
        #expect(evidence.timeout == watch.status("a")?.levels[0].timeout)
    }
    @Test func `has a longer timeout after its outage`() throws {
        var watch = Watch.trusting("a")
        let timeout = try #require(watch.status("a")?.levels[0].timeout)
        watch.advance(to: .seconds(20))
        watch.receive("a", 100, at: .seconds(30))
        #expect(try #require(watch.status("a")?.levels[0].timeout) > timeout)
        #expect(watch.status("a")?.samples == 100)
    }
    @Test func `is suspected with the evidence that led to the verdict`() throws {
        var watch = Watch()
        watch.announce("a", at: 0)
        for number in 0..<100 as Range<Int64> {
            // One heartbeat in ten is lost, and the sender's clock runs on.
            guard number % 10 != 7 else { continue }
            watch.receive(
                "a", UInt32(number), sent: .hours(5) + .milliseconds(100 * number), at: .milliseconds(100 * number))
        }
        let (last, deadline) = (watch.lastArrival, try #require(watch.deadline("a")))
        watch.advance(to: deadline + .milliseconds(3))
        let evidence = try #require(watch.evidence)
        #expect(evidence.silence == deadline - last)
        #expect(evidence.timeout == deadline - last)
        #expect(evidence.missing == 10)
        #expect(evidence.samples == 89)
        #expect(evidence.ownLate == .milliseconds(3))
        // Mean gap of 9.9 s in 89 gaps, together with the two prior gaps.
        #expect(abs(try #require(evidence.expected) - .microseconds(111_000)) < .microseconds(300))
        #expect(abs(try #require(evidence.senderLate) - .microseconds(-11_000)) < .microseconds(300))
        #expect(abs(try #require(evidence.phi) - 8) < 1e-6)
    }
    @Test func `has evidence that separates a late sender from a late network`() throws {
        var watch = Watch()
        watch.announce("a", at: 0)
        for number in 0..<50 as Range<Int64> {
            watch.receive("a", UInt32(number), sent: .seconds(number), announcing: .seconds(1), at: .seconds(number))
        }
        watch.advance(to: .seconds(60))
        watch.receive("a", 50, sent: .seconds(60), at: .seconds(60))
        #expect(watch.evidence?.senderLate == .seconds(10))
        watch.advance(to: .seconds(200))
        watch.receive("a", 51, sent: .seconds(61), at: .seconds(200))
        #expect(abs(try #require(watch.evidence?.senderLate)) < .seconds(1))
    }
    @Test func `has no sender lateness if its heartbeats have no send times`() throws {
        var watch = Watch.trusting("a")
        watch.advance(to: .seconds(60))
        #expect(watch.events.count == 1)
        #expect(try #require(watch.evidence).senderLate == nil)
    }
}

@Suite struct `A heartbeat` {
    @Test func `at the deadline is in time`() throws {
        var watch = Watch.trusting("a")
        let deadline = try #require(watch.deadline("a"))
        #expect(watch.receive("a", 100, at: deadline).isEmpty)
        #expect(watch.advance(to: deadline).isEmpty)
        #expect(watch.verdict("a") == .trusted)
    }
    @Test func `after the deadline but before the detector acts on it is in time`() throws {
        var watch = Watch.trusting("a")
        let late = try #require(watch.deadline("a")) + .seconds(5)
        #expect(watch.receive("a", 100, at: late).isEmpty)
        #expect(watch.advance(to: late).isEmpty)
        let next = try #require(watch.deadline("a"))
        #expect(watch.advance(to: next) == [.change("a", .trusted, .suspected, at: next)])
    }
    @Test func `of a trusted node emits nothing`() {
        var watch = Watch.trusting("a")
        for number in 100..<1000 as Range<Int64> {
            #expect(watch.receive("a", UInt32(number), at: .milliseconds(100 * number)).isEmpty)
        }
        #expect(watch.detector.heartbeatCounts[.fresh] == 1000)
    }
    @Test func `whose new deadline has already passed does not end a suspicion`() throws {
        // With a deviation of one interval, φ = 0.01 lies two deviations before the mean, so before the arrival itself.
        let level = try Level(name: "hasty", policy: .phi(0.01))
        var watch = Watch(levels: [level], model: .init(floor: 1))
        watch.announce("a", at: 0)
        #expect(watch.receive("a", 0, announcing: .seconds(1), at: 5) == [.change("a", .new, .learning, at: 5)])
        #expect(try #require(watch.deadline("a")) < 5)
        #expect(watch.advance(to: 5) == [.change("a", .learning, .suspected, at: 5)])
        for number in 1...10 as ClosedRange<Int64> {
            #expect(watch.receive("a", UInt32(number), at: .seconds(number)).isEmpty)
            #expect(watch.advance(to: .seconds(number)).isEmpty)
        }
        #expect(watch.verdict("a") == .suspected)
    }
}

@Suite struct `A detector that is late itself` {
    @Test func `applies the waiting heartbeats and suspects only silent nodes`() throws {
        var watch = Watch.trusting("a")
        watch.trust("b")
        let deadline = try #require(watch.deadline("b"))
        let now = Int64.seconds(40)  // paused since 9.9 s
        for number in 100..<400 { #expect(watch.receive("a", UInt32(number), at: now).isEmpty) }
        #expect(watch.advance(to: now) == [.change("b", .trusted, .suspected, at: deadline)])
        #expect(watch.evidence?.ownLate == now - deadline)
    }
    @Test func `still emits in the order of the deadlines`() throws {
        var watch = Watch.trusting("a", every: .milliseconds(100))
        watch.trust("b", every: .milliseconds(200))  // heard until 19.8 s
        // `a` was due first, and was heard again: now its deadline is the last.
        watch.receive("a", 100, at: .seconds(60))
        watch.trust("c", every: .milliseconds(300))  // heard until 29.7 s
        let emitted = watch.advance(to: .days(1))
        #expect(emitted == ["b", "c", "a"].map { .change($0, .trusted, .suspected, at: watch.deadline($0) ?? 0) })
    }
    @Test(arguments: 0..<20 as Range<UInt64>) func `emits what a punctual one emits`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var watch = Watch(levels: .three, retention: .hours(1))
        for node in 0..<30 {
            let interval = Int64.random(in: .milliseconds(10)...(.seconds(5)), using: &random)
            watch.trust("\(node)", afterHeartbeats: .random(in: 1...20, using: &random), every: interval)
        }
        var punctual = watch
        let late = watch.advance(to: .hours(3))
        #expect(punctual.advanceIdeally(before: .hours(3)) == late)
        #expect(late.count == 30 * 3 * 2)
    }
}

extension [Level] {
    /// Three levels with rising thresholds.
    static let three: [Level] = [("suspect", 1.0), ("evict", 4.0), ("replace", 12.0)].compactMap {
        try? Level(name: $0, policy: .phi($1))
    }
}
