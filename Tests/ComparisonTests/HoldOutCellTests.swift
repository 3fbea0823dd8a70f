import PhiAccrual
import Testing

@testable import Comparison

@Suite struct `A hold-out cell` {
    private func curve(_ name: String, _ points: [(rate: Double, timeout: Double)]) -> ParetoCurve {
        ParetoCurve(
            detector: name,
            points: points.map {
                .init(parameter: "w=\($0.timeout)", mistakes: Int($0.rate * 10_000), rate: $0.rate, timeout: $0.timeout)
            })
    }

    @Test func `evaluates the best parameter of the first half at its rate in the second`() throws {
        let first = HoldOutCell.Half(
            heartbeats: 10_000, adaptive: curve("adaptive", [(0.1, 1), (0.008, 2), (0.001, 4)]),
            baselines: [curve("a", [(0.1, 1.5), (0.01, 3)]), curve("b", [(0.1, 1.2), (0.01, 5)])])
        let second = HoldOutCell.Half(
            heartbeats: 10_000, adaptive: curve("adaptive", [(0.1, 1), (0.02, 2.1), (0.002, 4)]),
            baselines: [curve("a", [(0.1, 1.5), (0.05, 3.2)]), curve("b", [(0.1, 1.2), (0.02, 2.5)])])
        let cell = try #require(HoldOutCell(trace: "t", rate: 0.01, from: first, to: second))
        #expect(
            cell.adaptive
                == Transfer(detector: "adaptive", parameter: "w=2.1", chosenRate: 0.008, rate: 0.02, timeout: 2.1))
        #expect(
            cell.baselines == Transfer(detector: "a", parameter: "w=3.2", chosenRate: 0.01, rate: 0.05, timeout: 3.2))
        // At a rate of 0.05 the adaptive timeout is 2.1, without interpolation, and the baseline's is 3.2. At 0.02 the
        // best baseline timeout is 2.5.
        let ratio = try #require(cell.ratio)
        #expect(abs(ratio - (2.1 / 3.2 * 2.1 / 2.5).squareRoot()) < 1e-12)
        let factor = try #require([cell].rateFactor { $0.adaptive })
        #expect(abs(factor - 2.5) < 1e-12)
        #expect(try abs(#require([cell].rateFactor { $0.baselines }) - 5) < 1e-12)
    }

    @Test func `has no ratio if no parameter reaches the rate`() throws {
        let reaching = curve("a", [(0.1, 1), (0.01, 3)])
        let missing = curve("adaptive", [(0.1, 1)])
        let half = HoldOutCell.Half(heartbeats: 10_000, adaptive: missing, baselines: [reaching])
        let cell = try #require(HoldOutCell(trace: "t", rate: 0.01, from: half, to: half))
        #expect(cell.adaptive == nil && cell.ratio == nil)
        #expect([cell].geometricMean == nil)
        let other = HoldOutCell.Half(heartbeats: 10_000, adaptive: reaching, baselines: [missing])
        #expect(HoldOutCell(trace: "t", rate: 0.01, from: other, to: other) == nil)
    }

    @Test func `has a ratio of 1 if both halves are alike and adaptive is the best baseline`() {
        let plan = BootstrapBlocks(RecordedArrivals.taking(turns: [8200]))
        // A fixed timeout with one parameter per rate, on blocks that are all alike.
        let costs = [100, 30, 10, 3].enumerated().map { number, perThousand in
            plan.blocks.map { block in
                let mistakes = block.heartbeats * perThousand / 1000
                return SweepCost(
                    mistakes: mistakes, late: mistakes, deadlines: block.heartbeats,
                    timeouts: Double((number + 1) * block.heartbeats))
            }
        }
        let detector = BlockCosts("fixed", ["1", "2", "3", "4"], plan, costs)
        let cells = HoldOutCell.cells(trace: "t", plan, adaptive: detector, baselines: [detector])
        // 4,000 heartbeats per half allow 20 mistakes down to a rate of 0.005.
        #expect(cells.map(\.rate) == [0.1, 0.03, 0.01])
        #expect(cells.allSatisfy { $0.ratio == 1 && $0.adaptive?.parameter == $0.baselines.parameter })
    }
}
