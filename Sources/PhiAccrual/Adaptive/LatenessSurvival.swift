#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What share of heartbeats is later than so much: read off a histogram, and beyond it continued by a Pareto tail.
///
/// Above the last edge with enough heartbeats beyond it, the share falls as a power, whose exponent is Hill's estimate
/// with a prior. This is the second half of McNeil and Frey's recipe for financial risk (Journal of Empirical Finance 7,
/// 2000), applied to heartbeats; the first half, filtering the volatility, is done by the scale of lateness.
///
/// Source of the estimate: Hill, “A simple general approach to inference about the tail of a distribution”, Annals of
/// Statistics 3, 1975.
struct LatenessSurvival {
    /// Heartbeats above the edge at which the tail begins.
    private static let tailCount: Float = 25
    /// Prior of the tail: weight in heartbeats, and reciprocal of the power.
    private static let priorWeight: Float = 5
    private static let priorIndex: Float = 0.25
    /// Natural logarithm of the width of a quarter octave, on average.
    private static let bucketWidth: Float = 0.693_147_18 / 4

    /// Heartbeats later than each edge.
    private(set) var above = InlineArray<55, Float>(repeating: 0)
    /// Edge at which the tail begins.
    private(set) var tailEdge = 1
    /// Reciprocal of the tail's power.
    private(set) var index: Float
    private let total: Float
    private let lowest: Int

    /// - Parameters:
    ///   - total: Heartbeats in the histogram.
    ///   - smoothing: Share of each count that goes to either neighbour; 0 leaves counts as they are.
    init(_ histogram: borrowing LatenessHistogram, total: UInt32, lowest: Int, smoothing: Float) {
        self.total = Float(total)
        self.lowest = lowest
        let last = LatenessHistogram.bucketCount - 1
        func count(_ bucket: Int) -> Float {
            // Not of the lowest two, which are wider than any other; the ends copy themselves.
            let below = Float(histogram.counts[max(2, bucket - 1)])
            let beyond = Float(histogram.counts[min(last, bucket + 1)])
            let own = Float(histogram.counts[bucket])
            return smoothing == 0 || bucket < 2 ? own : own + smoothing * (below + beyond - 2 * own)
        }
        var sum: Float = 0
        var bucket = last
        while bucket > 0 {
            sum += count(bucket)
            above[bucket - 1] = sum
            bucket -= 1
        }
        while tailEdge < LatenessHistogram.edgeCount - 1, above[tailEdge] > Self.tailCount { tailEdge += 1 }
        var (weight, excess) = (Self.priorWeight, Self.priorWeight * Self.priorIndex)
        for bucket in (tailEdge + 1)...last {
            let count = count(bucket)
            weight += count
            excess += count * Self.bucketWidth * (Float(bucket - tailEdge) - 0.5)
        }
        index = excess / weight
    }

    /// Share of heartbeats later than each edge, one after the other from edge 0 up.
    ///
    /// Powers of the tail are products of four ratios, one per edge of an octave, so that one refit costs four powers.
    func forEachEdge(_ body: (_ edge: Int, _ share: Float) -> Void) {
        guard total > 0 else { return }
        for edge in 0...tailEdge { body(edge, above[edge] / total) }
        var share = (above[tailEdge] + 0.5) / total
        let ratios: InlineArray<4, Float> = [
            exp2f(-log2f(5.0 / 4) / index), exp2f(-log2f(6.0 / 5) / index), exp2f(-log2f(7.0 / 6) / index),
            exp2f(-log2f(8.0 / 7) / index),
        ]
        var edge = tailEdge
        while edge < LatenessHistogram.edgeCount - 1 {
            share *= ratios[(edge - 1) & 3]
            edge += 1
            body(edge, share)
        }
    }

    // MARK: Exact values between edges, for φ

    private func edge(_ j: Int) -> Double { Double(LatenessHistogram.edge(j, lowest: lowest)) }
    /// Share above an edge. Half a heartbeat more than was seen is taken to be above: what was never seen is possible.
    private func share(atEdge edge: Int) -> Double { (Double(above[edge]) + 0.5) / (Double(total) + 1) }

    /// Logarithm of the share of heartbeats later than this: at most 0, falling without bound.
    ///
    /// Between edges it is a straight line in logarithms; around 0, where most heartbeats of a quiet node lie at one
    /// point, the share itself is one.
    func logShare(at lateness: Double, start: Double) -> Double {
        let tail = edge(tailEdge)
        if lateness >= tail { return log(share(atEdge: tailEdge)) - log(lateness / tail) / Double(index) }
        // Everything comes after the last arrival.
        if lateness <= edge(0) {
            guard start < edge(0) else { return 0 }
            return log(line(from: 1, to: share(atEdge: 0), (lateness - start) / (edge(0) - start)))
        }
        if lateness <= edge(1) {
            // A centre so near the last arrival that nothing can be early.
            let from = start < edge(0) ? (edge(0), share(atEdge: 0)) : (start, 1)
            guard from.0 < edge(1) else { return log(share(atEdge: 1)) }
            return log(line(from: from.1, to: share(atEdge: 1), (lateness - from.0) / (edge(1) - from.0)))
        }
        let bucket = LatenessHistogram.bucket(of: Float(lateness), lowest: lowest)
        let upper = min(max(2, bucket), LatenessHistogram.edgeCount - 1)
        let (low, high) = (edge(upper - 1), edge(upper))
        return line(
            from: log(share(atEdge: upper - 1)), to: log(share(atEdge: upper)), (lateness - low) / (high - low))
    }

    private func line(from: Double, to: Double, _ progress: Double) -> Double {
        from + (to - from) * min(1, max(0, progress))
    }
}
