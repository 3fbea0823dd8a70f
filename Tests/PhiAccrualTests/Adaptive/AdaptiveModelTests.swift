import Foundation
import PhiAccrual
import TestSupport
import Testing

@Suite struct `The adaptive model` {
    @Test(arguments: 0..<100 as Range<UInt64>) func `never becomes less suspicious, and stays finite for a year`(
        seed: UInt64
    ) throws {
        var random = SplitMix64(seed: seed)
        let model = model(random: &random, gaps: Int.random(in: 1...3000, using: &random))
        let silences = ([0, 1, .days(365), .max] + (0..<300).map { _ in random.anyMagnitude() }).sorted()
        var last = 0.0
        for silence in silences {
            let phi = try #require(model.phi(after: silence))
            #expect(phi.isFinite && phi >= last - 1e-9, "\(silence)")
            last = phi
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>) func `reaches φ at the instant promised`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let model = model(random: &random, gaps: Int.random(in: 1...3000, using: &random))
        for phi in [0.01, 0.1, 0.5, 1, 2, 3, 4, 8, 12] {
            let threshold = AdaptiveModel.threshold(for: .phi(phi))
            let wait = try #require(model.wait(until: threshold, in: AdaptiveModel.pursuit(of: threshold)))
            guard wait < .max / 4 else { continue }
            let slack = 2 + wait >> 40
            #expect(try #require(model.phi(after: wait.addingSaturated(slack))) >= phi * (1 - 1e-9))
            #expect(try #require(model.phi(after: wait - slack)) <= phi * (1 + 1e-9) + 1e-9)
        }
    }

    @Test func `knows nothing before an interval`() {
        var model = AdaptiveModel(.init())
        model.begin(announcedInterval: 0)
        let threshold = AdaptiveModel.threshold(for: .phi(8))
        #expect(model.phi(after: .seconds(1)) == nil)
        #expect(model.wait(until: threshold, in: AdaptiveModel.pursuit(of: threshold)) == nil)
        model.observe(Arrival(gap: 0, step: 1))
        #expect(model.expectedWait == nil)
        model.begin(announcedInterval: .seconds(1))
        #expect(model.expectedWait == .seconds(1))
    }

    @Test func `is true: one silence in 10^φ lasts that long`() throws {
        var random = SplitMix64(seed: 7)
        var model = AdaptiveModel(.init())
        var exceeded = [0, 0, 0]
        let count = 200_000
        for number in 0..<count {
            let gap = Int64(100e6 + 20e6 * exponential(&random))
            if number >= count / 10, let phi = model.phi(after: gap) {
                for level in 1...3 where phi > Double(level) { exceeded[level - 1] += 1 }
            }
            model.observe(Arrival(gap: gap, step: 1))
        }
        for level in 1...3 {
            let promised = 0.9 * Double(count) * [0.1, 0.01, 0.001][level - 1]
            let ratio = Double(exceeded[level - 1]) / promised
            #expect(ratio > 0.5 && ratio < 2, "φ = \(level): \(ratio)")
        }
    }

    @Test(arguments: [0.01, 0.003]) func `keeps a budget of mistakes`(rate: Double) {
        var random = SplitMix64(seed: 3)
        let gaps = (0..<100_000).map { _ in Arrival(gap: Int64(1e9 + 3e8 * exponential(&random)), step: 1) }
        var sweep = ThresholdSweep<AdaptiveModel>([
            AdaptiveModel.threshold(for: .mistakes(MistakeBudget(.perHeartbeat(rate))))
        ])
        sweep.run(gaps, with: AdaptiveModel(.init()), unit: 1e9, warmUp: 200)
        let ratio = Double(sweep.costs[0].mistakes) / Double(sweep.samples) / rate
        #expect(ratio > 1 / 1.5 && ratio < 1.5, "\(ratio)")
    }

    @Test func `never waits longer than within`() throws {
        var random = SplitMix64(seed: 4)
        var model = AdaptiveModel(.init())
        let thresholds = [
            AdaptiveModel.threshold(for: .mistakes(MistakeBudget(.perHeartbeat(1e-6), within: .milliseconds(1500))))
        ]
        var pursuits = thresholds.map(AdaptiveModel.pursuit(of:))
        for _ in 0..<5000 {
            model.observe(Arrival(gap: Int64(1e9 + 3e8 * exponential(&random)), step: 1))
            var span = pursuits.mutableSpan
            model.pursue(thresholds, &span)
            #expect(try #require(model.wait(until: thresholds[0], in: pursuits[0])) <= .milliseconds(1500))
        }
    }

    @Test func `takes anything that a network can bring`() throws {
        let extremes: [Int64] = [0, 1, 2, .seconds(1), .days(200), .max / 2, .max]
        for gap in extremes {
            for other in extremes {
                var model = AdaptiveModel(.init())
                model.begin(announcedInterval: other)
                let thresholds = [Policy.phi(8), .price(100), .mistakes(MistakeBudget(.every(1e15)))]
                    .map(AdaptiveModel.threshold(for:))
                var pursuits = thresholds.map(AdaptiveModel.pursuit(of:))
                for number in 0..<200 {
                    model.observe(Arrival(gap: number % 3 == 0 ? gap : other, step: number % 5 == 0 ? .max : 1))
                    var span = pursuits.mutableSpan
                    model.pursue(thresholds, &span)
                    for (threshold, pursuit) in zip(thresholds, pursuits) {
                        _ = model.wait(until: threshold, in: pursuit)
                    }
                    if let phi = model.phi(after: other) { #expect(phi.isFinite && phi >= 0) }
                }
            }
        }
    }

    @Test func `fits into half a kilobyte`() {
        #expect(MemoryLayout<AdaptiveModel>.size <= 512)
    }

    private func exponential(_ random: inout SplitMix64) -> Double {
        -log1p(-Double.random(in: 0..<1, using: &random))
    }

    private func model(random: inout SplitMix64, gaps: Int) -> AdaptiveModel {
        var model = AdaptiveModel(.init())
        let interval = 1 + random.anyMagnitude() >> 16
        model.begin(announcedInterval: random.chance(0.5) ? interval : 0)
        for _ in 0..<gaps {
            let gap =
                switch Int.random(in: 0..<10, using: &random) {
                case 0: interval * 2
                case 1: random.anyMagnitude() >> 16
                default: interval + .random(in: 0...(interval / 4), using: &random)
                }
            model.observe(Arrival(gap: gap, step: Int64.random(in: 1...2, using: &random)))
        }
        return model
    }
}
