import CMath

/// Whether φ keeps its promise: the observed number of arrivals above one φ against the expected one. This is the one
/// definition of calibration that every report uses.
///
/// By definition of φ, one silence in `10^φ` ends above φ.
public struct Calibration: Hashable, Sendable {
    public let phi: Double
    /// Number of arrivals with a defined φ.
    public let samples: Int
    /// Number of arrivals expected above `phi` if φ is calibrated.
    public let expected: Double
    /// Number of arrivals above `phi`; a fraction if ties count by their mid-rank.
    public let observed: Double

    /// The values of φ that reports list.
    public static let levels = 1...4
    /// With fewer expected arrivals, the observed number is not significant.
    public static let minExpected = 30.0
    /// An observed number within this factor of the expected one, 0.3 decades either way, counts as calibrated.
    public static let tolerance = pow(10, 0.3)

    public var isSignificant: Bool { expected >= Self.minExpected }
    /// Promised share of arrivals above `phi`.
    public var promisedShare: Double { Self.promisedShare(above: phi) }
    public var observedShare: Double { observed / Double(samples) }
    /// log₁₀(observed / expected): 0 if φ is calibrated, above 0 if φ promises too much. Nil if the expected number is
    /// not significant or none was observed.
    public var log10Error: Double? { isSignificant && observed > 0 ? log10(observed / expected) : nil }

    public static func promisedShare(above phi: Double) -> Double { pow(10, -phi) }

    /// Calibration from a running count, for reports that do not keep every φ.
    ///
    /// The division rounds `expected` once. Multiplication by the share, as below, rounds twice, and reports print all
    /// digits.
    init(phi: Int, samples: Int, exceedances: Int) {
        (self.phi, self.samples, observed) = (Double(phi), samples, Double(exceedances))
        expected = Double(samples) / pow(10, Double(phi))
    }

    /// Calibration from every φ.
    ///
    /// Timestamps that are rounded to a grid produce ties, so no threshold has exactly its promised share. Each arrival
    /// therefore counts with the mid-rank of its ties, and counts between two values are interpolated in logarithms.
    ///
    /// - Parameter sortedPhis: φ at each arrival, in ascending order.
    init(phi: Double, sortedPhis: [Double]) {
        (self.phi, samples, observed) = (phi, sortedPhis.count, sortedPhis.countAbove(phi))
        expected = Double(sortedPhis.count) * Self.promisedShare(above: phi)
    }

    /// The calibrations at `levels` that are significant.
    /// - Parameter phis: φ at each arrival, in any order.
    public static func significant(_ phis: [Double]) -> [Calibration] {
        let phis = phis.sorted()
        return levels.map(Double.init).filter { Double(phis.count) * promisedShare(above: $0) >= minExpected }
            .map { Calibration(phi: $0, sortedPhis: phis) }
    }

    /// Calibration for each quarter of φ from 0.25 on, while at least three arrivals are expected above it.
    /// - Parameter phis: φ at each arrival, in any order.
    public static func curve(_ phis: [Double]) -> [Calibration] {
        let phis = phis.sorted()
        let (step, minExpected) = (0.25, 3.0)
        var curve: [Calibration] = []
        for number in 1... {
            let phi = step * Double(number)
            guard Double(phis.count) * promisedShare(above: phi) >= minExpected else { break }
            curve.append(Calibration(phi: phi, sortedPhis: phis))
        }
        return curve
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
