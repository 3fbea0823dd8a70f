import PhiAccrual
import TestSupport

/// Random requests to a detector besides heartbeats, by operators and by the service itself.
struct RandomRequests {
    private var random: SplitMix64
    private let recovery: RecoveryRule
    private let nodes = 6

    init(seed: UInt64) {
        random = SplitMix64(seed: seed &+ 1000)
        recovery =
            seed % 3 == 0
            ? RecoveryRule() : RecoveryRule(minConsecutive: 3, flaps: 2, within: .seconds(60), quietPeriod: .seconds(5))
    }

    func watch() -> Watch {
        Watch(
            levels: .three, model: .init(window: 20), retention: .seconds(100), recovery: recovery,
            hold: HoldRule(share: 0.5, minExcess: 2, maxDuration: .seconds(5)))
    }

    /// Applies a random request; most calls do nothing.
    /// - Parameter emitted: The last emitted verdicts of each node, by level.
    mutating func give(to watch: inout Watch, emitted: [String: [Verdict]], at now: Int64) throws -> [Event] {
        let instant = Instant(nanoseconds: now)
        let name = "\(Int.random(in: 0..<nodes, using: &random))"
        let (key, identity) = (NodeKey.named(name), try NodeIdentity(group: "lab", name: name))
        var events: [Event] = []
        let soon = Instant(nanoseconds: now + .random(in: 1...(20 * .seconds(1)), using: &random))
        switch Double.random(in: 0..<1, using: &random) {
        case ..<0.02: watch.detector.pause(key, Pause(until: soon, reason: ""), at: instant, into: &events)
        case ..<0.03: watch.detector.resume(key, at: instant, into: &events)
        case ..<0.04: watch.detector.expect(identity, key: key, until: soon, at: instant, into: &events)
        case ..<0.05: watch.detector.expectNoLonger(key, at: instant, into: &events)
        case ..<0.06: watch.detector.forget(key, at: instant, into: &events)
        case ..<0.08:
            let scopes: [PolicyScope] = [.everyone, .group("lab"), .node(identity)]
            var policies = watch.detector.policies
            policies.set(
                random.chance(0.3) ? nil : .phi(.random(in: 0.1...12, using: &random)),
                level: Int.random(in: policies.levels.indices, using: &random),
                from: Origin(.tune, for: scopes[Int.random(in: 0..<3, using: &random)]))
            watch.detector.apply(policies, at: instant, into: &events)
        case ..<0.09: watch.detector.disconnected(key, at: instant)
        case ..<0.10: watch.detector.ignoreSilence(from: instant, to: instant + .milliseconds(500))
        case ..<0.105: restart(&watch, emitted: emitted, at: instant, into: &events)
        default: break
        }
        return events
    }

    /// Replaces the detector with one restored from what it learned.
    private func restart(
        _ watch: inout Watch, emitted: [String: [Verdict]], at now: Instant, into events: inout [Event]
    ) {
        let before = watch.detector
        var (after, nothing) = (self.watch(), [Event]())
        after.detector.apply(before.policies, at: now, into: &nothing)
        for persisted in before.persistedNodes(from: 0, limit: 1000).page {
            after.detector.restore(
                persisted.identity, key: persisted.key, bytes: persisted.bytes,
                verdicts: emitted[persisted.identity.name] ?? [], incarnation: 1000, soonest: now,
                latest: now + .seconds(10),
                at: now, into: &events)
        }
        watch = after
    }
}
