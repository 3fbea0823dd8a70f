#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How true the adaptive φ is on one trace: log₁₀ of the share of arrivals with a greater φ over what φ promises.
public struct Calibration: Hashable, Sendable, Encodable {
    public var phi: Int
    /// Arrivals with a greater φ, were φ true.
    public var expected: Double
    /// 0 where φ is true, above 0 where it promises too much.
    ///
    /// Stamps that are multiples of something make ties, and no threshold has exactly its share then. So an arrival
    /// counts by the middle of the ranks of its ties, and between two values shares are interpolated in logarithms.
    public var decades: Double

    /// For each φ = 1 … 4 of which at least 30 exceedances are expected.
    /// - Parameter phis: The φ at which each judged arrival was taken in.
    static func of(_ phis: [Double]) -> [Calibration] {
        let phis = phis.sorted()
        return (1...4).compactMap { level in
            let expected = Double(phis.count) * pow(10, -Double(level))
            guard expected >= 30 else { return nil }
            let observed = phis.countAbove(Double(level))
            return Calibration(phi: level, expected: expected, decades: log10(observed / expected))
        }
    }
}

extension [Double] {
    /// How many of these sorted numbers lie above a value, by mid-ranks.
    func countAbove(_ value: Double) -> Double {
        let next = partition { $0 > value }
        guard next < count else { return Swift.max(0.5, middleRank(of: self[count - 1])) }
        let above = middleRank(of: self[next])
        guard next > 0 else { return above }
        let (low, high) = (self[next - 1], self[next])
        let share = (value - low) / (high - low)
        let below = middleRank(of: low)
        return exp(log(Swift.max(0.25, below)) * (1 - share) + log(Swift.max(0.25, above)) * share)
    }

    /// How many lie above a number that is among them, its ties counting half.
    private func middleRank(of value: Double) -> Double {
        let (first, after) = (partition { $0 >= value }, partition { $0 > value })
        return Double(count - after) + 0.5 * Double(after - first)
    }

    /// Where what `holds` begins, in numbers sorted by it.
    private func partition(_ holds: (Double) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
