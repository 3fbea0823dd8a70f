import CMath
import PhiAccrual

/// How much a ratio varies between resamples of the same recording: the block bootstrap.
///
/// Each draw takes as many clusters of heartbeats (`BootstrapBlocks`) as there are, at random and with replacement.
/// Everything is computed anew from the draw: both curves, the best baseline detector, and its best parameter. Equal
/// recordings give equal draws.
///
/// Source: Efron and Tibshirani, “An introduction to the bootstrap”, 1993, chapters 8 (blocks) and 13 (percentiles).
public struct BootstrapRatios: Hashable, Sendable, Encodable {
    /// Number of draws.
    static let draws = 200
    /// Share of draws outside the interval, at each end.
    static let outside = 0.05

    /// One ratio per draw: infinite if the adaptive detector does not reach the rate, nil if no baseline detector does.
    let ratios: [Double?]

    /// The 90 % interval. Its upper end is infinite if too many draws do not reach the rate.
    public var interval: ClosedRange<Double>? {
        let sorted = ratios.compactMap { $0 }.sorted()
        let outside = Int(Self.outside * Double(sorted.count))
        return sorted.isEmpty ? nil : sorted[outside]...sorted[sorted.count - 1 - outside]
    }

    private enum Keys: String, CodingKey { case low, high }
    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Keys.self)
        try object.encode(interval.flatMap { $0.lowerBound.isFinite ? $0.lowerBound : nil }, forKey: .low)
        try object.encode(interval.flatMap { $0.upperBound.isFinite ? $0.upperBound : nil }, forKey: .high)
    }
}

extension [ComparisonCell] {
    /// These cells of one recording, with their ratios for each draw of its clusters.
    func resampled(_ plan: BootstrapBlocks, adaptive: BlockCosts, baselines: [BlockCosts]) -> [ComparisonCell] {
        guard !isEmpty else { return self }
        // The seed differs between recordings. Otherwise draw 17 would use the same clusters in all of them.
        var random = SplitMix64(seed: UInt64(plan.heartbeats(counting: plan.whole)))
        var ratios = [[Double?]](repeating: [], count: count)
        for _ in 0..<BootstrapRatios.draws {
            let times = plan.resample(using: &random)
            let (adaptive, baselines) = (
                adaptive.curve(plan, counting: times), baselines.map { $0.curve(plan, counting: times) }
            )
            for (index, cell) in enumerated() {
                let cell = ComparisonCell(trace: cell.trace, rate: cell.rate, adaptive: adaptive, baselines: baselines)
                ratios[index].append(cell.map { $0.ratio ?? .infinity })
            }
        }
        return zip(self, ratios).map { cell, ratios in
            var cell = cell
            cell.resampled = BootstrapRatios(ratios: ratios)
            return cell
        }
    }

    /// The geometric mean in each draw, over the cells that reach their rate in that draw.
    public var resampledGeometricMean: BootstrapRatios {
        BootstrapRatios(
            ratios: (0..<BootstrapRatios.draws).map { draw in
                let logs = compactMap { cell in
                    cell.resampled?.ratios[draw].flatMap { $0.isFinite && $0 > 0 ? log($0) : nil }
                }
                return logs.isEmpty ? nil : exp(logs.reduce(0, +) / Double(logs.count))
            })
    }
}
