#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What share of heartbeats is later than each edge of a histogram: counted, and beyond what was counted a Pareto tail.
///
/// Above the last edge with enough heartbeats beyond it, the share falls as a power, whose exponent is Hill's estimate
/// with a prior. This is the second half of McNeil and Frey's recipe for financial risk (Journal of Empirical Finance 7,
/// 2000), applied to heartbeats; the first half, filtering the volatility, is done by the scale of lateness.
///
/// Source of the estimate: Hill, “A simple general approach to inference about the tail of a distribution”, Annals of
/// Statistics 3, 1975.
struct LatenessSurvival: ~Copyable {
    /// Heartbeats between the edge at which the tail begins and the last.
    private static let tailCount: Float = 10
    /// Prior of the tail: weight in heartbeats, and reciprocal of the power.
    private static let priorWeight: Float = 3
    private static let priorIndex: Float = 1 / 3
    /// Natural logarithm of the width of a quarter octave, on average.
    private static let quarterOctave: Float = 0.693_147_18 / 4

    /// Heartbeats later than each edge.
    private(set) var above = InlineArray<45, Float>(repeating: 0)
    /// Edge at which the tail begins.
    private(set) var tailEdge: Int
    /// Reciprocal of the tail's power.
    private(set) var index: Float
    let total: Float
    private let family: Family

    /// - Parameters:
    ///   - counts: Heartbeats in each bucket of the family; the others are 0.
    ///   - total: Their sum, and whatever else is to count as early; nil: their sum.
    init(_ counts: Span<Float>, of family: Family, total: Float? = nil) {
        self.family = family
        func quarters(ofEdge edge: Int) -> Float { Float(LatenessBuckets.quarters(toPlace: edge - family.early)) }
        let last = family.edgeCount  // the number of the last bucket
        let beyond = counts[last]
        var sum = beyond
        above[last - 1] = sum
        // The tail, from its end: how many heartbeats it has, and the sum of where they lie, in quarter octaves.
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
        // How far beyond the last edge the rest lie is not known, only that they go so far: they make the tail heavier.
        let begin = quarters(ofEdge: tailEdge)
        let excess = Self.quarterOctave * (places - begin * weight + beyond * (quarters(ofEdge: last - 1) - begin))
        index = (Self.priorWeight * Self.priorIndex + excess) / (Self.priorWeight + weight)
    }

    /// Share above the edge at which the tail begins. A fraction of a heartbeat more than was seen is taken to be above it:
    /// what was never seen is possible.
    func shareAtTail(unseen: Float = 0.5) -> Float { (above[tailEdge] + unseen) / total }

    var tail: ParetoTail { ParetoTail(index: index) }

    // MARK: Exact values between edges, for φ

    /// Logarithm of the share of heartbeats later than this: at most 0, falling without bound.
    ///
    /// Between edges it is a straight line in logarithms; around 0, where most heartbeats of a quiet node lie at one
    /// point, the share itself is one.
    @inline(__always) func logShare(at lateness: Double, start: Double) -> Double {
        let (family, above, whole) = (family, above.span, Double(total) + 1)
        func edge(_ number: Int) -> Double { Double(LatenessBuckets.edge(number, early: family.early)) }
        func share(atEdge edge: Int) -> Double { (Double(above[edge]) + 0.5) / whole }

        let (early, onTime) = (family.firstEdge, family.early)
        let tail = edge(tailEdge)
        if lateness >= tail { return log(share(atEdge: tailEdge)) - log(lateness / tail) / Double(index) }
        // Everything comes after the last arrival.
        if lateness <= edge(early) {
            guard start < edge(early) else { return 0 }
            return log(Self.line(from: 1, to: share(atEdge: early), (lateness - start) / (edge(early) - start)))
        }
        if lateness <= edge(onTime) {
            // A centre so near the last arrival that nothing can be early.
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

/// How a share that falls as a power of lateness falls from one edge to the next. There are but six ratios between edges,
/// so a whole tail costs four powers.
struct ParetoTail {
    private let quarters: InlineArray<4, Float>

    init(index: Float) {
        // log₂ of 5/4, 6/5, 7/6, and 8/7.
        quarters = [
            exp2f(-0.321_928_1 / index), exp2f(-0.263_034_4 / index), exp2f(-0.222_392_4 / index),
            exp2f(-0.192_645_1 / index),
        ]
    }

    /// From the edge in this place to the next.
    func fall(after place: Int) -> Float {
        let from = LatenessBuckets.quarters(toPlace: place)
        let first = quarters[from & 3]
        return LatenessBuckets.quarters(toPlace: place + 1) - from == 1 ? first : first * quarters[from & 3 + 1]
    }
}
