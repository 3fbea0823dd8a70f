import PhiAccrual
import TestSupport
import Testing

@Suite struct `A policy change` {
    private func apply(
        _ watch: inout Watch, at now: Int64, _ change: (inout PolicyTable) throws -> Void
    ) rethrows -> [Emitted] {
        var (policies, events) = (watch.detector.policies, [Event]())
        try change(&policies)
        watch.detector.apply(policies, at: Instant(nanoseconds: now), into: &events)
        return events.emitted
    }

    @Test func `moves the deadline of a silent node at once`() throws {
        var watch = Watch.trusting("a", levels: [.suspect(.phi(3))])
        let (now, before) = (watch.lastArrival + .milliseconds(10), try #require(watch.deadline("a")))
        #expect(apply(&watch, at: now) { $0.set(.phi(9), level: 0, from: Origin(.tune)) }.isEmpty)
        let after = try #require(watch.deadline("a"))
        let fresh = Watch.trusting("a", levels: [.suspect(.phi(9))])
        #expect(after > before && after == fresh.deadline("a"))
        #expect(watch.advance(to: after - 1).isEmpty)
        #expect(watch.advance(to: after) == [.change("a", .trusted, .suspected, at: after)])
        // After the override is removed, the first policy applies.
        _ = apply(&watch, at: after) { $0.set(nil, level: 0, from: Origin(.tune)) }
        #expect(watch.detector.policies.effectivePolicy(nil, level: 0).policy == .phi(3))
    }
    @Test func `suspects a node at once if its silence is now too long, and trusts it again if not`() throws {
        var watch = Watch.trusting("a", levels: [.suspect(.phi(9))])
        let strict = Watch.trusting("a", levels: [.suspect(.phi(1))])
        let now = try #require(strict.deadline("a")) + .milliseconds(1)
        #expect(apply(&watch, at: now) { $0.set(.phi(1), level: 0, from: Origin(.tune)) }.isEmpty)
        #expect(watch.advance(to: now) == [.change("a", .trusted, .suspected, at: now)])
        #expect(
            apply(&watch, at: now + 1) { $0.set(.phi(9), level: 0, from: Origin(.tune)) }
                == [.change("a", .suspected, .trusted, at: now + 1)])
        #expect(watch.advance(to: .hours(1)).count == 1)
    }
    @Test func `for a group or a node affects no other node`() throws {
        var watch = Watch(levels: [.suspect(.phi(3))])
        watch.trust("a", group: "left")
        watch.trust("b", group: "left")
        watch.trust("c", group: "right")
        let usual = watch.deadline("c")
        _ = try apply(&watch, at: watch.lastArrival) {
            $0.set(.phi(6), level: 0, from: Origin(.file, for: .group("left")))
            $0.set(.phi(9), level: 0, from: Origin(.tune, for: .node(try NodeIdentity(group: "left", name: "b"))))
        }
        let (a, b) = (try #require(watch.deadline("a")), try #require(watch.deadline("b")))
        #expect(watch.deadline("c") == usual && a > (usual ?? 0) && b > a)
        watch.advance(to: .hours(1))
        let origins = watch.events.map {
            if case .transition(let change) = $0 { "\(change.effectivePolicy.origin)" } else { "" }
        }
        #expect(origins == ["default", "file, group left", "tune, node left/b"])
        // A node that joins later has the policy of its group.
        watch.trust("d", from: .hours(2), group: "left")
        #expect(
            watch.status("d", at: .hours(2))?.levels[0].timeout == a - watch.lastArrival
                + (watch.lastArrival - .milliseconds(9900)))
    }
    @Test func `keeps the extension for the detector's pause`() throws {
        var watch = Watch.trusting("a", levels: [.suspect(.phi(3))])
        let (start, end) = (watch.lastArrival + .milliseconds(1), watch.lastArrival + .seconds(30))
        watch.detector.ignoreSilence(from: Instant(nanoseconds: start), to: Instant(nanoseconds: end))
        _ = apply(&watch, at: end) { $0.set(.phi(9), level: 0, from: Origin(.tune)) }
        let fresh = try #require(Watch.trusting("a", levels: [.suspect(.phi(9))]).deadline("a"))
        #expect(watch.deadline("a") == fresh + end - start)
    }
    @Test func `of a budget starts from what was learned`() throws {
        func detector(_ policy: Policy) throws -> Detector<AdaptiveModel> {
            var (detector, events) = (
                Detector<AdaptiveModel>(.init(levels: [.suspect(policy)], model: .init())), [Event]()
            )
            detector.announce(
                try NodeIdentity(group: "g", name: "a"), key: .named("a"), at: Instant(nanoseconds: 0), into: &events)
            for number in 0..<1000 as Range<Int64> {
                let jitter = number % 7 * .milliseconds(3)
                let heartbeat = Heartbeat(key: .named("a"), sequence: UInt32(number), announcedInterval: .seconds(1))
                detector.receive(heartbeat, at: Instant(nanoseconds: .seconds(number) + jitter), into: &events)
            }
            return detector
        }
        func budget(_ share: Double) -> Policy { .mistakes(MistakeBudget(.perHeartbeat(share))) }
        var tuned = try detector(budget(1e-2))
        let before = try #require(tuned.deadline(of: .named("a")))
        var (policies, events) = (tuned.policies, [Event]())
        policies.set(budget(1e-6), level: 0, from: Origin(.tune))
        tuned.apply(policies, at: Instant(nanoseconds: .seconds(999) + .milliseconds(100)), into: &events)
        let after = try #require(tuned.deadline(of: .named("a")))
        let fresh = try #require(detector(budget(1e-6)).deadline(of: .named("a")))
        #expect(after - before > .milliseconds(100))
        // Both choose from the same timeout candidates, one at its first price and one at a price steered for a while.
        let ratio = Double((after - fresh).nanoseconds) / Double((fresh - before).nanoseconds)
        #expect(abs(ratio) < 0.3, "\(ratio)")
    }
}
