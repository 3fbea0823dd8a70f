import CMath

/// A parameter chosen on the first half of a recording, and its result on the second half.
public struct Transfer: Hashable, Sendable, Encodable {
    public var detector: String
    public var parameter: String
    /// Mistakes per heartbeat on the first half: at most the requested rate, and less if no parameter lies closer to
    /// it.
    public var chosenRate: Double
    /// Mistakes per heartbeat on the second half.
    public var rate: Double
    /// Mean timeout on the second half, in seconds.
    public var timeout: Double

    private enum CodingKeys: String, CodingKey {
        case detector, parameter, rate
        case chosenRate = "chosen_rate"
        case timeout = "timeout_seconds"
    }
}

/// One cell of the comparison without hindsight: each detector gets the parameter that was best on the first half of
/// the recording, and is judged on the second half. The best baseline detector is also chosen on the first half.
///
/// Mistake rates do not transfer exactly, so on the second half the two sides have different rates, and a shorter
/// timeout may only mean more mistakes. To compare the sides, one of them is moved to the rate of the other along its
/// results on the second half. The adaptive detector is moved along its prices. The baseline is moved along the best of
/// all baselines, because the best one depends on the rate. Moving a side gives that side hindsight. Each side is
/// therefore moved in turn, and the ratio is the geometric mean of two ratios: the moved adaptive detector (without
/// interpolation) over the chosen baseline, and the adaptive detector over the moved baseline (with interpolation).
public struct HoldOutCell: Hashable, Sendable, Encodable {
    public var trace: String
    /// Mistakes per heartbeat that were allowed on the first half when parameters were chosen.
    public var rate: Double
    /// Nil if no price reached the rate on the first half.
    public var adaptive: Transfer?
    public var baselines: Transfer
    /// Adaptive ÷ baseline timeout at an equal rate. Below 1 the adaptive detector has the shorter timeout.
    public var ratio: Double?

    /// The cells of one recording, at the rates that allow enough mistakes in each half.
    static func cells(trace: String, _ plan: BootstrapBlocks, adaptive: BlockCosts, baselines: [BlockCosts])
        -> [HoldOutCell]
    {
        let holdOut = (0..<2).map { half in
            let times = plan.half(half)
            return Half(
                heartbeats: plan.heartbeats(counting: times), adaptive: adaptive.curve(plan, counting: times),
                baselines: baselines.map { $0.curve(plan, counting: times) })
        }
        let least = holdOut.map(\.heartbeats).min() ?? 0
        return ComparisonCell.rates.filter { $0 * Double(least) >= ComparisonCell.minMistakes }.compactMap { rate in
            HoldOutCell(trace: trace, rate: rate, from: holdOut[0], to: holdOut[1])
        }
    }

    struct Half {
        var heartbeats: Int
        var adaptive: ParetoCurve
        var baselines: [ParetoCurve]
    }

    /// Nil if no baseline detector reached the rate on the first half.
    init?(trace: String, rate: Double, from first: Half, to second: Half) {
        let choices = first.baselines.enumerated().compactMap { index, curve in
            curve.best(atRate: rate).map { (curve: index, point: $0, timeout: curve.points[$0].timeout) }
        }
        guard let choice = choices.min(by: { $0.timeout < $1.timeout }) else { return nil }
        let baseline = Transfer(first.baselines[choice.curve], second.baselines[choice.curve], choice.point)
        let adaptive = first.adaptive.best(atRate: rate).map { Transfer(first.adaptive, second.adaptive, $0) }
        (self.trace, self.rate, self.adaptive, baselines) = (trace, rate, adaptive, baseline)
        guard let adaptive else { return }
        let adaptiveAtBaselineRate = second.adaptive.strictTimeout(atRate: baseline.rate).map { $0 / baseline.timeout }
        let baselineAtAdaptiveRate = second.baselines.compactMap { $0.interpolatedTimeout(atRate: adaptive.rate) }.min()
            .map { adaptive.timeout / $0 }
        let both = [adaptiveAtBaselineRate, baselineAtAdaptiveRate].compactMap { $0 }.filter { $0.isFinite && $0 > 0 }
        if !both.isEmpty { ratio = pow(both.reduce(1, *), 1 / Double(both.count)) }
    }
}

extension Transfer {
    fileprivate init(_ first: ParetoCurve, _ second: ParetoCurve, _ point: Int) {
        let (before, after) = (first.points[point], second.points[point])
        self.init(
            detector: second.detector, parameter: after.parameter, chosenRate: before.rate, rate: after.rate,
            timeout: after.timeout)
    }
}

extension ParetoCurve {
    /// Index of the point with the shortest timeout among those with at most this mistake rate.
    fileprivate func best(atRate rate: Double) -> Int? {
        points.indices.filter { points[$0].rate <= rate }.min { points[$0].timeout < points[$1].timeout }
    }
}

extension [HoldOutCell] {
    /// Geometric mean of the ratios; nil if there are none.
    public var geometricMean: Double? {
        let logs = compactMap(\.ratio).map(log)
        return logs.isEmpty ? nil : exp(logs.reduce(0, +) / Double(logs.count))
    }
    public var worst: HoldOutCell? { filter { $0.ratio != nil }.max { ($0.ratio ?? 0) < ($1.ratio ?? 0) } }

    /// How well mistake rates transfer: the geometric mean of the factor, up or down, between the rate on the first
    /// half and the rate on the second. A rate is at least that of half a mistake where `minMistakes` are allowed, so
    /// zero mistakes count as half of one.
    public func rateFactor(of transfer: (HoldOutCell) -> Transfer?) -> Double? {
        let logs = compactMap { cell in
            transfer(cell).map { transfer in
                let floor = cell.rate / (2 * ComparisonCell.minMistakes)
                return abs(log(Swift.max(transfer.rate, floor) / Swift.max(transfer.chosenRate, floor)))
            }
        }
        return logs.isEmpty ? nil : exp(logs.reduce(0, +) / Double(logs.count))
    }
}
