import CMath
import PhiAccrual

/// Distribution of the judged gaps of a trace, in mean intervals of their node.
public struct GapSurvival: Sendable {
    public struct Step: Hashable, Sendable {
        public var length: Double
        /// Share of gaps longer than `length`.
        public var longer: Double
    }
    /// Lengths ascend and shares fall. Between two lengths, the share of the first one applies. Steps too small to be
    /// visible are left out.
    public let steps: [Step]
    /// Lengths at which fitted distributions are evaluated and drawn.
    let lengths: [Double]

    /// Two steps closer than this in both directions, in natural logarithms, are merged.
    private static let resolution = 0.01
    private static let count = 160

    init(of trace: RecordedArrivals) {
        var gaps: [Double] = []
        for (node, arrivals) in zip(trace.nodes, trace.arrivalsByNode) where node.interval > 0 {
            gaps += arrivals.dropFirst(DetectorComparison.warmUp).map { Double($0.gap) / node.interval }
        }
        gaps.sort()
        guard let longest = gaps.last, longest > 0 else {
            (steps, lengths) = ([], [])
            return
        }
        let lowest = min(0.8, max(0.1, gaps[gaps.count / 20]))
        lengths = DetectorRegistry.geometric(lowest, max(2, longest * 1.5), Self.count)
        steps = Self.steps(gaps, from: lowest)
    }

    private static func steps(_ gaps: [Double], from lowest: Double) -> [Step] {
        var steps = [Step(length: lowest, longer: Double(gaps.count { $0 > lowest }) / Double(gaps.count))]
        for (index, gap) in gaps.enumerated() where gap > lowest {
            guard index + 1 == gaps.count || gaps[index + 1] > gap else { continue }  // the last of equal gaps
            let longer = Double(gaps.count - index - 1) / Double(gaps.count)
            let before = steps[steps.count - 1]
            let isVisible = log(gap / before.length) > resolution || before.longer > longer * (1 + resolution)
            if isVisible { steps.append(Step(length: gap, longer: longer)) }
        }
        return steps
    }
}

/// The share of gaps that a detector expects to be longer than each length, in intervals: `10^−φ`.
public struct GapFit: Sendable {
    public let lengths: [Double]
    /// Mean over samples taken throughout the judged part of the trace.
    public let average: [Double]
    /// After each node's last heartbeat, averaged over nodes and weighted by their heartbeats.
    public let atEnd: [Double]
}

/// Records the gap distribution that a detector expects while it runs through a trace.
struct GapFitRecorder {
    private let lengths: [Double]
    private let every: Int
    private let intervals: [Double]  // ns, by node
    private let counts: [Int]  // heartbeats, by node
    private var judged = 0
    private var average: WeightedShares
    private var atEnd: WeightedShares

    private static let moments = 500

    init(_ lengths: [Double], _ trace: RecordedArrivals) {
        self.lengths = lengths
        intervals = trace.nodes.map(\.interval)
        counts = trace.nodes.map(\.arrivals)
        let judged = counts.reduce(0) { $0 + max(0, $1 - DetectorComparison.warmUp) }
        every = max(1, judged / Self.moments)
        (average, atEnd) = (WeightedShares(lengths.count), WeightedShares(lengths.count))
    }

    var fit: GapFit { GapFit(lengths: lengths, average: average.shares, atEnd: atEnd.shares) }

    mutating func note<Model>(after step: DetectorRun<Model>.Step, _ detector: Detector<Model>) {
        guard step.isJudged else { return }
        judged += 1
        let isLast = step.number == counts[step.node] - 1
        guard isLast || judged % every == 0 else { return }
        let shares = lengths.map { length in
            let silence = Int64(saturating: length * intervals[step.node])
            let time = Instant(nanoseconds: step.now.addingSaturated(silence))
            return pow(10, -(detector.phi(of: step.key, at: time) ?? 0))
        }
        if judged % every == 0 { average.add(shares, weight: 1) }
        if isLast { atEnd.add(shares, weight: Double(counts[step.node])) }
    }
}

private struct WeightedShares {
    private var sums: [Double]
    private var weight = 0.0

    init(_ count: Int) { sums = Array(repeating: 0, count: count) }

    var shares: [Double] { weight == 0 ? [] : sums.map { $0 / weight } }

    mutating func add(_ shares: [Double], weight: Double) {
        self.weight += weight
        for index in sums.indices { sums[index] += weight * shares[index] }
    }
}
