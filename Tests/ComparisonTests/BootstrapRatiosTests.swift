import Foundation
import PhiAccrual
import TestSupport
import Testing

@testable import Comparison

@Suite struct `A bootstrap ratio` {
    private let plan = BootstrapBlocks(RecordedArrivals.taking(turns: [40_200]))

    /// Costs of a detector with one parameter: its mistakes per block, and its mean timeout in each block.
    private func costs(_ name: String, mistakes: Int = 0, _ timeout: (Int) -> Double) -> BlockCosts {
        let costs = plan.blocks.enumerated().map { number, block in
            SweepCost(
                mistakes: mistakes, late: mistakes, deadlines: block.heartbeats,
                timeouts: timeout(number) * Double(block.heartbeats))
        }
        return BlockCosts(name, ["one"], plan, [costs])
    }
    private func cells(_ adaptive: BlockCosts, _ baselines: BlockCosts) -> [ComparisonCell] {
        let curves = [adaptive, baselines].map { $0.curve(plan, counting: plan.whole) }
        return ComparisonCell.cells(trace: "t", samples: 40_000, adaptive: curves[0], baselines: [curves[1]])
            .resampled(plan, adaptive: adaptive, baselines: [baselines])
    }

    @Test func `has the spread of the mean of its blocks`() throws {
        var random = SplitMix64(seed: 9)
        let timeouts = plan.blocks.map { _ in
            // Uniform, with a standard deviation of 0.2.
            1 + 0.2 * 3.0.squareRoot() * Double.random(in: -1...1, using: &random)
        }
        let cells = cells(costs("adaptive") { timeouts[$0] }, costs("fixed") { _ in 2 })
        #expect(cells.count == 5)
        let interval = try #require(cells[0].resampled?.interval)
        let ratio = try #require(cells[0].ratio)
        #expect(abs(ratio - 0.5) < 0.05)
        #expect(interval.contains(ratio))
        let expected = 1.645 * 0.2 / Double(plan.blocks.count).squareRoot() / 2
        let half = (interval.upperBound - interval.lowerBound) / 2
        #expect(half > 0.75 * expected && half < 1.25 * expected, "\(half) for \(expected)")
        // All five cells have the same ratio in each draw, so their mean has the spread of one cell.
        let mean = try #require(cells.resampledGeometricMean.interval)
        #expect(abs(mean.lowerBound - interval.lowerBound) < 1e-9 && abs(mean.upperBound - interval.upperBound) < 1e-9)
    }

    @Test func `has no spread if all blocks are alike, and is reproducible`() throws {
        let alike = cells(costs("adaptive") { _ in 3 }, costs("fixed") { _ in 2 })
        let interval = try #require(alike[0].resampled?.interval)
        #expect(abs(interval.lowerBound - 1.5) < 1e-6 && abs(interval.upperBound - 1.5) < 1e-6)
        let uneven = { cells(costs("adaptive") { 1 + Double($0 % 7) }, costs("fixed") { _ in 2 }) }
        #expect(uneven() == uneven())
    }

    @Test func `has no upper bound if many draws do not reach the rate`() throws {
        // Only two blocks have mistakes. A draw without them reaches the rate; a draw with both often does not.
        let costs = plan.blocks.enumerated().map { number, block in
            SweepCost(
                mistakes: number < 2 ? 20 : 0, late: number < 2 ? 20 : 0, deadlines: block.heartbeats,
                timeouts: Double(block.heartbeats))
        }
        let interval = try #require(
            cells(BlockCosts("adaptive", ["one"], plan, [costs]), self.costs("fixed") { _ in 2 })
                .first { $0.rate == 1e-3 }?.resampled?.interval)
        #expect(interval.lowerBound == 0.5 && interval.upperBound == .infinity)
        let json = try JSONEncoder().encode(BootstrapRatios(ratios: [0.5, .infinity]))
        #expect(String(decoding: json, as: UTF8.self).contains("\"high\":null"))
    }
}
