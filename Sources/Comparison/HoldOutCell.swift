#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A parameter chosen on the first half of a recording, and what came of it on the second.
public struct Transfer: Hashable, Sendable, Encodable {
    public var detector: String
    public var parameter: String
    /// Mistakes per heartbeat of the first half: at most what was asked for, less if nothing lay in between.
    public var chosenRate: Double
    /// Mistakes per heartbeat of the second half.
    public var rate: Double
    /// Mean wait of the second half, in seconds.
    public var timeout: Double

    private enum CodingKeys: String, CodingKey {
        case detector, parameter, rate
        case chosenRate = "chosen_rate"
        case timeout = "wait_seconds"
    }
}

/// What remains of a comparison when nobody has hindsight: each detector gets the parameter that was best on the first
/// half of the recording, and is judged on the second.
///
/// Which of the classical detectors to take is chosen on the first half as well.
///
/// Rates of mistakes do not transfer exactly, so the two are then no longer at the same rate, and a shorter wait may
/// just mean more mistakes. To compare them one has to be moved to the other's rate along what its side offers on the
/// second half: ours along its prices, the classical one along the best of all of them, since which is best depends on
/// the rate. That gives hindsight to the side that is moved. So both are moved in turn, and the ratio is the geometric
/// mean of the two: ours moved, strictly, over the classical one as it is, and ours as it is over the classical one
/// moved, with interpolation.
public struct HoldOutCell: Hashable, Sendable, Encodable {
    public var trace: String
    /// Mistakes per heartbeat of the first half that were allowed when parameters were chosen.
    public var rate: Double
    /// Nil if no price reached the rate on the first half.
    public var adaptive: Transfer?
    public var baselines: Transfer
    /// Below 1 ours waits less at an equal rate.
    public var ratio: Double?

    /// The cells of one recording, at rates of which each half allows enough mistakes.
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

    /// Nil if no classical detector reached the rate on the first half.
    init?(trace: String, rate: Double, from first: Half, to second: Half) {
        let choices = first.baselines.enumerated().compactMap { index, curve in
            curve.best(atRate: rate).map { (curve: index, point: $0, timeout: curve.points[$0].timeout) }
        }
        guard let choice = choices.min(by: { $0.timeout < $1.timeout }) else { return nil }
        let theirs = Transfer(first.baselines[choice.curve], second.baselines[choice.curve], choice.point)
        let adaptive = first.adaptive.best(atRate: rate).map { Transfer(first.adaptive, second.adaptive, $0) }
        (self.trace, self.rate, self.adaptive, baselines) = (trace, rate, adaptive, theirs)
        guard let adaptive else { return }
        let oursMoved = second.adaptive.strictTimeout(atRate: theirs.rate).map { $0 / theirs.timeout }
        let theirsMoved = second.baselines.compactMap { $0.interpolatedTimeout(atRate: adaptive.rate) }.min()
            .map { adaptive.timeout / $0 }
        let both = [oursMoved, theirsMoved].compactMap { $0 }.filter { $0.isFinite && $0 > 0 }
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
    /// Number of the point with the least wait that makes no more mistakes than this.
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

    /// How well rates of mistakes transfer: the geometric mean of the factor, up or down, from the first half to the
    /// second. No mistakes count as half of one where `minMistakes` are allowed.
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
