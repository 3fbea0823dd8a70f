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
    private(set) var tailEdge = 0
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
            // Not of bucket 0, which is wider than any other; the ends copy themselves.
            let below = Float(histogram.counts[max(1, bucket - 1)])
            let beyond = Float(histogram.counts[min(last, bucket + 1)])
            let own = Float(histogram.counts[bucket])
            return smoothing == 0 ? own : own + smoothing * (below + beyond - 2 * own)
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
        index = min(1, excess / weight)
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
            share *= ratios[edge & 3]
            edge += 1
            body(edge, share)
        }
    }

    // MARK: Exact values between edges, for φ

    /// `−log₁₀` of the share above an edge. Half a heartbeat more than was seen is taken to be above, so that what was
    /// never seen is not impossible.
    private func suspicion(atEdge edge: Int) -> Double {
        -log10((Double(above[edge]) + 0.5) / (Double(total) + 1))
    }
    private func edge(_ j: Int) -> Double { Double(LatenessHistogram.edge(j, lowest: lowest)) }

    /// Suspicion at a lateness: at least 0, growing without bound.
    func suspicion(at lateness: Double) -> Double {
        let first = edge(0)
        // Below edge 0 nothing is told apart: straight from nothing at lateness −∞ would be a step, so suspicion there is
        // that of edge 0, and the caller leads up to it.
        if lateness <= first { return max(0, suspicion(atEdge: 0)) }
        let tail = edge(tailEdge)
        if lateness >= tail { return suspicion(atEdge: tailEdge) + log10(lateness / tail) / Double(index) }
        let upper = min(
            max(1, LatenessHistogram.bucket(of: Float(lateness), lowest: lowest)), LatenessHistogram.edgeCount - 1)
        let (low, high) = (edge(upper - 1), edge(upper))
        let share = min(1, max(0, (lateness - low) / (high - low)))
        let (from, to) = (suspicion(atEdge: upper - 1), suspicion(atEdge: upper))
        return from + (to - from) * share
    }

    /// The lateness at which suspicion reaches `phi`; edge 0 if it is above that there already.
    func lateness(at phi: Double) -> Double {
        let atTail = suspicion(atEdge: tailEdge)
        if phi >= atTail { return edge(tailEdge) * pow(10, min(300, (phi - atTail) * Double(index))) }
        if phi <= suspicion(atEdge: 0) { return edge(0) }
        // Suspicion grows from edge to edge; find the two that phi lies between.
        var (low, high) = (0, tailEdge)
        while high - low > 1 {
            let middle = (low + high) / 2
            if suspicion(atEdge: middle) <= phi { low = middle } else { high = middle }
        }
        let (from, to) = (suspicion(atEdge: low), suspicion(atEdge: high))
        return edge(low) + (edge(high) - edge(low)) * (to > from ? (phi - from) / (to - from) : 0)
    }
}
