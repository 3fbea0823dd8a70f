import Foundation
import PhiAccrual
import TestSupport
import Testing

@Suite struct `A threshold sweep` {
    private let plain = [Policy.phi(1), .phi(2), .phi(4)]
    private let weighing = [Policy.phi(2), .price(10), .mistakes(MistakeBudget(.perHeartbeat(0.01)))]

    @Test(arguments: 0..<20 as Range<UInt64>) func `counts the mistakes that a detector makes`(seed: UInt64) throws {
        let life = GroupLife(seed: seed, nodes: 1, heartbeats: 2000)
        #expect(sweep(NormalModel.self, .init(), plain, life) == (try detect(NormalModel.self, .init(), plain, life)))
        #expect(
            sweep(AdaptiveModel.self, .init(), weighing, life)
                == (try detect(AdaptiveModel.self, .init(), weighing, life)))
    }

    @Test(arguments: 0..<5 as Range<UInt64>) func `counts them too if the heartbeats of several nodes interleave`(
        seed: UInt64
    ) throws {
        let life = GroupLife(seed: seed, nodes: 7, heartbeats: 3000)
        let mistakes = sweep(NormalModel.self, .init(), plain, life)
        #expect(mistakes[0] > 0)
        #expect(mistakes == (try detect(NormalModel.self, .init(), plain, life)))
        #expect(
            sweep(AdaptiveModel.self, .init(), weighing, life)
                == (try detect(AdaptiveModel.self, .init(), weighing, life)))
    }

    @Test func `evaluates the very first gap if a deadline is known before it`() throws {
        var parameters = FixedModel.Parameters()
        parameters.timeout = .milliseconds(1300)
        let life = GroupLife(seed: 5, nodes: 40, heartbeats: 80)  // many nodes, two heartbeats each on average
        let mistakes = sweep(FixedModel.self, parameters, [.phi(8)], life)
        #expect(mistakes == [life.heartbeats.count { $0.heartbeat.arrival.map { $0.gap > 1_300_000_000 } ?? false }])
        #expect(mistakes == (try detect(FixedModel.self, parameters, [.phi(8)], life)))
    }

    @Test func `has costs per block that add up to the total costs`() {
        let life = GroupLife(seed: 3, nodes: 4, heartbeats: 4000)
        let heartbeats = life.heartbeats.map(\.heartbeat)
        func costs(_ blocks: Int, _ block: (Int) -> Int32?) -> [SweepCost] {
            var sweep = ThresholdSweep<NormalModel>(
                plain.map(NormalModel.threshold(for:)), group: NormalModel.makeGroupState(.init()), blocks: blocks)
            sweep.run(
                heartbeats, ofNodes: 4, with: NormalModel(.init()), unit: 1e9, blocks: heartbeats.indices.map(block))
            return sweep.costs
        }
        let all = costs(1) { $0 < 500 ? nil : 0 }
        let thirds = costs(3) { $0 < 500 ? nil : Int32($0 % 3) }
        for threshold in plain.indices {
            let parts = (0..<3).map { thirds[$0 * plain.count + threshold] }
            #expect(parts.reduce(0) { $0 + $1.mistakes } == all[threshold].mistakes)
            #expect(parts.reduce(0) { $0 + $1.deadlines } == all[threshold].deadlines)
            #expect(abs(parts.reduce(0) { $0 + $1.timeouts } / all[threshold].timeouts - 1) < 1e-12)
            #expect(parts.allSatisfy { $0.deadlines > 1000 })
        }
    }

    @Test func `records the φ of each evaluated arrival`() {
        let life = GroupLife(seed: 1, nodes: 1, heartbeats: 1000)
        var sweep = ThresholdSweep<NormalModel>(
            [NormalModel.threshold(for: .phi(1))], group: NormalModel.makeGroupState(.init()), recordingPhi: true)
        sweep.run(
            life.heartbeats.map(\.heartbeat), ofNodes: 1, with: NormalModel(.init()), unit: 1e9,
            blocks: life.heartbeats.indices.map { $0 <= 300 ? nil : 0 })
        #expect(sweep.phis.count == sweep.samples && sweep.samples == 1000 - 301)
        // An arrival after φ = 1 is a mistake at the threshold φ = 1, unless the node is already suspected.
        #expect(sweep.phis.count { $0 > 1 } == sweep.costs[0].mistakes)
    }

    private func sweep<Model: ArrivalModel>(
        _ model: Model.Type, _ parameters: Model.Parameters, _ policies: [Policy], _ life: GroupLife
    ) -> [Int] {
        var sweep = ThresholdSweep<Model>(policies.map(Model.threshold(for:)), group: Model.makeGroupState(parameters))
        sweep.run(
            life.heartbeats.map(\.heartbeat), ofNodes: life.nodes, with: Model(parameters), unit: 1e9,
            blocks: life.heartbeats.map { _ in 0 })
        return sweep.costs.map(\.mistakes)
    }

    /// Mistakes of the real detector: suspicions that a later arrival of the node ends.
    private func detect<Model: ArrivalModel>(
        _ model: Model.Type, _ parameters: Model.Parameters, _ policies: [Policy], _ life: GroupLife
    ) throws -> [Int] {
        let levels = try policies.enumerated().map { try Level(name: "level-\($0)", policy: $1) }
        var detector = Detector<Model>(.init(levels: levels, model: parameters))
        var events: [Event] = []
        var last: [String: Instant] = [:]
        var sequences = [UInt32](repeating: 0, count: life.nodes)
        for (now, heartbeat) in life.heartbeats {
            let identity = try NodeIdentity(group: "lab", name: "node-\(heartbeat.node)")
            let key = NodeKey.named(identity.name)
            detector.advanceIdeally(before: now, into: &events)
            if heartbeat.arrival == nil { detector.announce(identity, key: key, at: now, into: &events) }
            detector.receive(
                Heartbeat(key: key, sequence: sequences[heartbeat.node]), at: now, into: &events)
            sequences[heartbeat.node] += 1
            last[identity.name] = now
        }
        return levels.indices.map { level in
            events.count {
                guard case .transition(let change) = $0 else { return false }
                return change.level == level && change.to == .suspected
                    && last[change.node.name].map { change.at < $0 } ?? false
            }
        }
    }
}

/// Heartbeats of some nodes in order of time: each about a second after the node's previous one, and sometimes late.
private struct GroupLife {
    let nodes: Int
    private(set) var heartbeats: [(at: Instant, heartbeat: RecordedHeartbeat)] = []

    init(seed: UInt64, nodes: Int, heartbeats count: Int) {
        self.nodes = nodes
        var random = SplitMix64(seed: seed)
        var last = [Int64?](repeating: nil, count: nodes)
        var next = (0..<nodes).map { _ in Int64.random(in: 0..<1_000_000_000, using: &random) }
        for _ in 0..<count {
            let node = next.indices.min { next[$0] < next[$1] } ?? 0
            let now = next[node]
            let arrival = last[node].map { Arrival(gap: now - $0, step: 1) }
            heartbeats.append((Instant(nanoseconds: now), RecordedHeartbeat(node: node, arrival: arrival)))
            last[node] = now
            let late = random.chance(0.05) ? 3.0 : 0.2
            next[node] = now + Int64(1e9 + 1e9 * late * Double.random(in: 0..<1, using: &random))
        }
    }
}
