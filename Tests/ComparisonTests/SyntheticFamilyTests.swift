import Foundation
import PhiAccrual
import Testing

@testable import Comparison

@Suite struct `A synthetic family` {
    private let seed: UInt64 = 17
    private func arrivals(_ family: SyntheticFamily) -> [[Arrival]] { family.recording(seed: seed).arrivalsByNode }
    /// Share of heartbeats that were lost.
    private func loss(_ nodes: [[Arrival]]) -> Double {
        let (lost, all) = nodes.joined().reduce((0, 0)) { ($0.0 + $1.step - 1, $0.1 + $1.step) }
        return Double(lost) / Double(all)
    }

    @Test(arguments: SyntheticFamily.allCases) func `depends only on its seed, and is long enough`(
        family: SyntheticFamily
    ) {
        let recording = family.recording(seed: seed)
        #expect(recording.heartbeats == family.recording(seed: seed).heartbeats)
        #expect(recording.heartbeats != family.recording(seed: seed + 1).heartbeats)
        #expect(recording.name == family.rawValue && recording.nodes.count == 4)
        // Long enough for twenty mistakes at a rate of 3 in 10,000 after the warm-up.
        #expect(Double(recording.samples - 4 * DetectorComparison.warmUp) * 3e-4 >= 20)
        for node in recording.nodes { #expect(abs(node.interval / 1e8 - 1) < 0.01) }
    }

    @Test func `that is stationary has normal gaps`() {
        let nodes = arrivals(.stationary)
        let gaps = nodes.joined().filter { $0.step == 1 }.map { Double($0.gap) / 1e8 }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let deviation = (gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)).squareRoot()
        #expect(abs(mean - 1) < 1e-3)
        #expect(abs(deviation / (0.05 * 2.0.squareRoot()) - 1) < 0.02)
        #expect(abs(loss(nodes) - 0.005) < 0.001)
        // Two standard deviations contain 95.45 % of a normal distribution.
        let within = gaps.count { abs($0 - mean) <= 2 * deviation }
        #expect(abs(Double(within) / Double(gaps.count) - 0.9545) < 0.004)
    }

    @Test func `that switches regimes is ten times as volatile in a storm`() {
        var deviations: [Double] = []
        for node in arrivals(.regimeSwitching) {
            let gaps = node.filter { $0.step == 1 }.map { Double($0.gap) / 1e8 - 1 }
            for first in stride(from: 0, to: gaps.count - 50, by: 50) {
                deviations.append((gaps[first..<first + 50].reduce(0) { $0 + $1 * $1 } / 50).squareRoot())
            }
        }
        deviations.sort()
        // One heartbeat in six is in a storm: the median stretch is calm, and one stretch in twenty is all storm.
        let (quiet, storm) = (deviations[deviations.count / 2], deviations[deviations.count * 95 / 100])
        #expect(abs(quiet / (0.01 * 2.0.squareRoot()) - 1) < 0.1)
        #expect(storm / quiet > 8 && storm / quiet < 13)
    }

    @Test func `with heavy tails loses nothing, and its tail falls as a square`() {
        let gaps = arrivals(.heavyTailed).joined()
        #expect(gaps.allSatisfy { $0.step == 1 })
        // P(delay > y η) = (1 + y / 0.05)^−2: 1 in 121 for half an interval, 1 in 1,681 for two.
        let (some, many) = (gaps.count { $0.gap > 150_000_000 }, gaps.count { $0.gap > 300_000_000 })
        #expect(Double(some) > 0.7 * 70_000 / 121 && Double(some) < 1.1 * 70_000 / 121)
        #expect(Double(many) > 0.5 * 70_000 / 1681 && Double(many) < 1.5 * 70_000 / 1681)
    }

    @Test func `with bursty loss loses several heartbeats in a row`() {
        let nodes = arrivals(.burstyLoss)
        // One heartbeat in 51 meets a bad link, and half of those are lost.
        let expected = 0.5 / 51 + 0.001
        #expect(abs(loss(nodes) / expected - 1) < 0.2)
        let runs = nodes.joined().filter { $0.step > 1 }
        let long = runs.count { $0.step > 2 }
        // On a link that stays bad nine times in ten, 45 % of losses are followed by another.
        #expect(Double(long) / Double(runs.count) > 0.3)
    }

    @Test func `with a drifting period varies by 30 % up and down`() {
        for node in arrivals(.driftingPeriod) {
            let means = stride(from: 0, to: node.count - 300, by: 300).map { first in
                let part = node[first..<first + 300]
                return Double(part.reduce(0) { $0 + $1.gap }) / Double(part.reduce(0) { $0 + $1.step }) / 1e8
            }
            #expect(abs((means.min() ?? 0) - 0.7) < 0.02 && abs((means.max() ?? 0) - 1.3) < 0.02)
        }
    }

    @Test func `with batch arrivals has several heartbeats at one instant`() {
        let gaps = arrivals(.batchArrivals).joined()
        // A stall lasts 1 + 3 E intervals, so on average 1 + 1 / (e^⅓ − 1) heartbeats arrive with the one that met it.
        let expected = (1 + 1 / (exp(1.0 / 3) - 1)) / 300
        let share = Double(gaps.count { $0.gap == 0 }) / Double(gaps.count)
        #expect(abs(share / expected - 1) < 0.15, "\(share) for \(expected)")
        #expect(gaps.count { $0.gap > 300_000_000 } > 50)
    }
}

@Suite struct `The reference scenario` {
    @Test func `is evaluated beside a fixed timeout`() throws {
        let plain = ReferenceScenario(seed: 1, heartbeats: 3000)
        #expect(plain.samples == 3000)
        #expect(plain.goals.map(\.timeout) == [0.225, 0.310] && plain.goals.map(\.mistakes) == [2, 0])
        for goal in plain.goals {
            let best = try #require(goal.best)
            #expect(best.timeout <= goal.timeout && best.mistakes >= 0)
            #expect(goal.isReached == (best.mistakes <= max(goal.mistakes, goal.fixed)))
        }
        // One lost heartbeat makes a gap of 200 ± 7 ms. A gap of 225 ms takes two losses in a row.
        #expect(plain.goals[0].fixed <= 1 && plain.goals[1].fixed == 0)
    }
}
