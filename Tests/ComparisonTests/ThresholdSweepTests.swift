import Foundation
import PhiAccrual
import TestSupport
import Testing

@Suite struct `A sweep over thresholds` {
    @Test(arguments: 0..<20 as Range<UInt64>) func `makes the mistakes that a detector makes`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let arrivals = (0..<2000).map { _ in
            let late = random.chance(0.05) ? 3.0 : 0.2
            return Arrival(gap: Int64(1e9 + 1e9 * late * Double.random(in: 0..<1, using: &random)), step: 1)
        }
        let policies = [Policy.phi(1), .phi(2), .phi(4)]
        #expect(
            sweep(NormalModel.self, .init(), policies, arrivals)
                == detect(NormalModel.self, .init(), policies, arrivals))
        let weighing = [Policy.phi(2), .price(10), .mistakes(MistakeBudget(.perHeartbeat(0.01)))]
        #expect(
            sweep(AdaptiveModel.self, .init(), weighing, arrivals)
                == detect(AdaptiveModel.self, .init(), weighing, arrivals))
    }

    private func sweep<Model: ArrivalModel>(
        _ model: Model.Type, _ parameters: Model.Parameters, _ policies: [Policy], _ arrivals: [Arrival]
    ) -> [Int] {
        var sweep = ThresholdSweep<Model>(policies.map(Model.threshold(for:)), commons: Model.commons(parameters))
        sweep.run(arrivals, with: Model(parameters), unit: 1e9, warmUp: 0)
        return sweep.costs.map(\.mistakes)
    }

    /// The suspicions of the real machine, each of which an arrival ends: the node lives.
    private func detect<Model: ArrivalModel>(
        _ model: Model.Type, _ parameters: Model.Parameters, _ policies: [Policy], _ arrivals: [Arrival]
    ) -> [Int] {
        let levels = policies.enumerated().compactMap { try? Level(name: "level-\($0)", policy: $1) }
        var detector = Detector<Model>(.init(levels: levels, model: parameters))
        var events: [Event] = []
        var now = Instant(nanoseconds: 0)
        if let identity = try? NodeIdentity(group: "lab", name: "a") {
            detector.introduce(identity, key: .named("a"), at: now, into: &events)
        }
        detector.receive(Heartbeat(key: .named("a"), sequence: 0), at: now, into: &events)
        for (number, arrival) in arrivals.enumerated() {
            now = now + .nanoseconds(arrival.gap)
            detector.advanceIdeally(before: now, into: &events)
            detector.receive(Heartbeat(key: .named("a"), sequence: UInt32(number + 1)), at: now, into: &events)
        }
        return levels.indices.map { level in
            events.count {
                if case .transition(let change) = $0 { change.level == level && change.to == .suspected } else { false }
            }
        }
    }
}
