import CMath

/// The share of heartbeats that come later than each edge of a histogram: counted, and beyond the counts a Pareto tail.
///
/// Above the last edge with enough heartbeats beyond it, the share falls as a power of lateness. The exponent is Hill's
/// estimate with a prior. This is the second half of McNeil and Frey's recipe for financial risk (Journal of Empirical
/// Finance 7, 2000), applied to heartbeats. The scale of lateness does the first half, filtering out volatility.
///
/// Source of the estimate: Hill, “A simple general approach to inference about the tail of a distribution”, Annals of
/// Statistics 3, 1975.
struct LatenessSurvival: ~Copyable {
    /// Maximum number of heartbeats between the edge where the tail begins and the last edge.
    private static let tailCount: Float = 10
    /// Prior of the tail: its weight in heartbeats, and the reciprocal of its exponent.
    private static let priorWeight: Float = 3
    private static let priorIndex: Float = 1 / 3
    /// Mean natural logarithm of the width of a quarter octave.
    private static let quarterOctave: Float = 0.693_147_18 / 4

    /// Number of heartbeats later than each edge.
    private(set) var above = InlineArray<45, Float>(repeating: 0)
    /// Edge where the tail begins.
    private(set) var tailEdge: Int
    /// Reciprocal of the tail's exponent.
    private(set) var index: Float
    let total: Float
    private let family: Family

    /// - Parameters:
    ///   - counts: Number of heartbeats in each bucket of the family; further elements are 0.
    ///   - total: Number of heartbeats, including those that count as early without being in `counts`; nil: sum of
    ///     `counts`.
    init(_ counts: Span<Float>, of family: Family, total: Float? = nil) {
        self.family = family
        func quarters(ofEdge edge: Int) -> Float { Float(LatenessBuckets.quarters(toPlace: edge - family.early)) }
        let last = family.edgeCount  // number of the last bucket
        let beyond = counts[last]
        var sum = beyond
        above[last - 1] = sum
        // Sums the tail from its end: the number of heartbeats, and their positions in quarter octaves.
        var (weight, places): (Float, Float) = (0, 0)
        tailEdge = last - 1
        while tailEdge > family.early, weight + counts[tailEdge] <= Self.tailCount {
            let count = counts[tailEdge]
            weight += count
            sum += count
            tailEdge -= 1
            above[tailEdge] = sum
            if count > 0 { places += count * (quarters(ofEdge: tailEdge) + quarters(ofEdge: tailEdge + 1)) / 2 }
        }
        var edge = tailEdge
        while edge > 0 {
            sum += counts[edge]
            edge -= 1
            above[edge] = sum
        }
        self.total = total ?? sum + counts[0]
        // It is not known how far beyond the last edge the remaining heartbeats lie. They count up to that edge and
        // make the tail heavier.
        let begin = quarters(ofEdge: tailEdge)
        let excess = Self.quarterOctave * (places - begin * weight + beyond * (quarters(ofEdge: last - 1) - begin))
        index = (Self.priorWeight * Self.priorIndex + excess) / (Self.priorWeight + weight)
    }

    /// Share of heartbeats above the edge where the tail begins. It includes a fraction of a heartbeat that was not
    /// seen, because what was never seen is possible.
    func shareAtTail(unseen: Float = 0.5) -> Float { (above[tailEdge] + unseen) / total }

    var tail: ParetoTail { ParetoTail(index: index) }

    // MARK: Exact values between edges, for φ

    /// Natural logarithm of the share of heartbeats later than `lateness`: at most 0, falling without bound.
    ///
    /// Between edges the logarithm is interpolated linearly. Around 0, where most heartbeats of a quiet node lie at one
    /// point, the share itself is.
    /// - Parameter start: The lateness of a heartbeat that comes at the instant of the last arrival.
    @inline(__always) func logShare(at lateness: Double, start: Double) -> Double {
        let (family, above, whole) = (family, above.span, Double(total) + 1)
        func edge(_ number: Int) -> Double { Double(LatenessBuckets.edge(number, early: family.early)) }
        func share(atEdge edge: Int) -> Double { (Double(above[edge]) + 0.5) / whole }

        let (early, onTime) = (family.firstEdge, family.early)
        let tail = edge(tailEdge)
        if lateness >= tail { return log(share(atEdge: tailEdge)) - log(lateness / tail) / Double(index) }
        // Every heartbeat comes after the last arrival, so the share is 1 at `start`.
        if lateness <= edge(early) {
            guard start < edge(early) else { return 0 }
            return log(Self.line(from: 1, to: share(atEdge: early), (lateness - start) / (edge(early) - start)))
        }
        if lateness <= edge(onTime) {
            // The centre may be so near the last arrival that nothing can be early.
            let from = start < edge(early) ? (edge(early), share(atEdge: early)) : (start, 1)
            guard from.0 < edge(onTime) else { return log(share(atEdge: onTime)) }
            return log(
                Self.line(from: from.1, to: share(atEdge: onTime), (lateness - from.0) / (edge(onTime) - from.0)))
        }
        let bucket = LatenessBuckets.bucket(of: Float(lateness), early: family.early)
        let upper = min(max(onTime + 1, bucket), family.edgeCount - 1)
        let (low, high) = (edge(upper - 1), edge(upper))
        return Self.line(
            from: log(share(atEdge: upper - 1)), to: log(share(atEdge: upper)), (lateness - low) / (high - low))
    }

    private static func line(from: Double, to: Double, _ progress: Double) -> Double {
        from + (to - from) * min(1, max(0, progress))
    }
}

/// How a share falls from one edge to the next if it falls as a power of lateness. Edges have only six different
/// ratios, so a whole tail costs four powers.
struct ParetoTail {
    private let quarters: InlineArray<4, Float>

    init(index: Float) {
        // log₂ of 5/4, 6/5, 7/6, and 8/7.
        quarters = [
            exp2f(-0.321_928_1 / index), exp2f(-0.263_034_4 / index), exp2f(-0.222_392_4 / index),
            exp2f(-0.192_645_1 / index),
        ]
    }

    /// Factor by which the share falls from the edge at `place` to the next edge.
    func fall(after place: Int) -> Float {
        let from = LatenessBuckets.quarters(toPlace: place)
        let first = quarters[from & 3]
        return LatenessBuckets.quarters(toPlace: place + 1) - from == 1 ? first : first * quarters[from & 3 + 1]
    }
}
