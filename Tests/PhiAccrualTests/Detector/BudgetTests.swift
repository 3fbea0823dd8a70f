import Foundation
import PhiAccrual
import TestSupport
import Testing

@Suite struct `A mistake budget` {
    @Test func `that its limit makes infeasible is reported once`() throws {
        var random = SplitMix64(seed: 21)
        let budget = MistakeBudget(.perHeartbeat(0.001), within: .milliseconds(1500))
        var detector = Detector<AdaptiveModel>(.init(levels: [.suspect(.mistakes(budget))], model: .init()))
        var events: [Event] = []
        var now = Instant(nanoseconds: 0)
        func notices() -> [Notice] {
            events.compactMap { if case .notice(let notice) = $0, notice.code != .unnamed { notice } else { nil } }
        }
        func beat(_ sequence: Int, late: Double) {
            now = Instant(nanoseconds: now.nanoseconds + Int64(1e9 + late * 1e9))
            let heartbeat = Heartbeat(key: .named("a"), incarnation: 1, sequence: UInt32(sequence))
            detector.receive(heartbeat, at: now, into: &events)
        }
        for sequence in 1...3000 { beat(sequence, late: 0.01 * Double.random(in: 0...1, using: &random)) }
        #expect(notices() == [])
        for sequence in 3001...4000 {
            beat(sequence, late: random.chance(0.1) ? Double.random(in: 0...3, using: &random) : 0)
        }
        let emitted = notices()
        #expect(emitted.map(\.code) == [.budgetInfeasible])
        #expect(emitted.first?.level == 0)
        let shortfall = try #require(emitted.first?.shortfall)
        #expect(shortfall.mistakesPerHeartbeat > 0.0015)
        #expect(try #require(shortfall.neededTimeout) > .milliseconds(1500))
    }

    /// Notices about new nodes of a network with jitter: a share `tail` of heartbeats has a mean delay of 1 s, the
    /// others 50 ms.
    private func notices(ofNodes nodes: Int, heartbeats: Int, tail: Double) -> [NodeKey: [Notice]] {
        var random = SplitMix64(seed: 22)
        let budget = MistakeBudget(.every(86_400e9), within: .milliseconds(2500))
        var detector = Detector<AdaptiveModel>(.init(levels: [.suspect(.mistakes(budget))], model: .init()))
        var events: [Event] = []
        for node in 0..<nodes {
            // Nodes run one after another, so time advances for one at a time. They still learn together.
            var now = Int64.hours(Int64(node))
            for sequence in 0..<heartbeats {
                now += .seconds(1) + Int64(random.exponential() * (random.chance(tail) ? 1e9 : 5e7))
                let heartbeat = Heartbeat(
                    key: NodeKey(rawValue: UInt64(node)), incarnation: 1, sequence: UInt32(sequence))
                detector.receive(heartbeat, at: Instant(nanoseconds: now), into: &events)
            }
        }
        var notices: [NodeKey: [Notice]] = [:]
        for case .notice(let notice) in events where notice.level != nil {
            notices[notice.key, default: []] += [notice]
        }
        return notices
    }

    @Test(arguments: [0.003, 0.02, 0.1]) func `of nodes near the limit is reported rarely`(tail: Double) throws {
        let heartbeats = 1800
        let emitted = notices(ofNodes: 30, heartbeats: heartbeats, tail: tail)
        for notices in emitted.values {
            #expect(notices.count <= 2 + heartbeats / 1280)
            // Notices alternate and begin with infeasible.
            for (number, notice) in notices.enumerated() {
                #expect(notice.code == (number % 2 == 0 ? .budgetInfeasible : .budgetFeasible))
            }
        }
        // About 2 % of heartbeats are later than the limit, so most nodes are reported.
        if tail == 0.1 { #expect(emitted.count > 25) }
    }
    @Test func `is not reported for a node with few heartbeats`() {
        #expect(notices(ofNodes: 100, heartbeats: 200, tail: 0.1).isEmpty)
    }

    @Test func `is not reported again after a restart`() throws {
        let budget = MistakeBudget(.perHeartbeat(0.001), within: .milliseconds(1500))
        let identity = try NodeIdentity(group: "lab", name: "a")
        func detector() -> Detector<AdaptiveModel> {
            Detector(.init(levels: [.suspect(.mistakes(budget))], model: .init()))
        }
        var (random, events, now) = (SplitMix64(seed: 23), [Event](), Int64(0))
        var before = detector()
        func beat(_ detector: inout Detector<AdaptiveModel>, _ sequences: Range<UInt32>) -> Int {
            events = []
            for sequence in sequences {
                now += .seconds(1) + Int64(random.exponential() * 3e8)
                let heartbeat = Heartbeat(key: .named("a"), incarnation: 1, sequence: sequence)
                detector.receive(heartbeat, at: Instant(nanoseconds: now), into: &events)
            }
            return events.count { if case .notice = $0 { true } else { false } }
        }
        before.announce(identity, key: .named("a"), at: Instant(nanoseconds: 0), into: &events)
        #expect(beat(&before, 0..<2000) == 1)
        let persisted = try #require(before.persistedNode(of: .named("a")))
        var after = detector()
        after.restore(
            identity, key: .named("a"), bytes: persisted.bytes, verdicts: [.trusted], incarnation: 1,
            soonest: Instant(nanoseconds: now), latest: Instant(nanoseconds: now), at: Instant(nanoseconds: now),
            into: &events)
        #expect(beat(&after, 2000..<4000) == 0)
    }
}
