#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Calibration of the adaptive φ on one trace: log₁₀ of the observed share of arrivals above φ over the promised share.
public struct Calibration: Hashable, Sendable, Encodable {
    public var phi: Int
    /// Number of arrivals expected above this φ if φ is calibrated.
    public var expected: Double
    /// log₁₀(observed / expected): 0 if φ is calibrated, above 0 if φ promises too much.
    ///
    /// Timestamps that are rounded to a grid produce ties, so no threshold has exactly its promised share. Each arrival
    /// therefore counts with the mid-rank of its ties, and shares between two values are interpolated in logarithms.
    public var decades: Double

    /// Calibration for each φ = 1 … 4 with at least 30 expected exceedances.
    /// - Parameter phis: φ at the arrival of each judged heartbeat.
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
    /// The number of elements above a value, by mid-ranks. The array must be sorted in ascending order.
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

    /// The number of elements above an element of the array; each of its ties counts half.
    private func middleRank(of value: Double) -> Double {
        let (first, after) = (partition { $0 >= value }, partition { $0 > value })
        return Double(count - after) + 0.5 * Double(after - first)
    }

    /// Index of the first element for which `holds` is true. The elements must be partitioned by `holds`.
    private func partition(_ holds: (Double) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
