/// A ratio of two sums over clusters, with a confidence interval that allows for dependence within a cluster.
///
/// `r = Σ observed / Σ expected`, and for K clusters
/// ```text
/// var(r) = K / (K − 1) · Σ (observed − r · expected)² / (Σ expected)²
/// ```
/// The 95 % interval is r ± t · √var, with Student's t for K − 1 degrees of freedom, cut off at 0. With fewer than two
/// clusters the variance is unknown, and the interval is the ratio itself.
///
/// Source: Cochran, “Sampling techniques”, 3rd edition, 1977, section 6.3 (ratio estimate) and 9A (clusters).
public struct ClusterRatio: Hashable, Sendable, Encodable {
    public let value: Double
    public let low: Double
    public let high: Double
    /// Number of clusters with an expected value above 0.
    public let clusters: Int

    public init(_ clusters: [(observed: Double, expected: Double)]) {
        let clusters = clusters.filter { $0.expected > 0 }
        let expected = clusters.reduce(0) { $0 + $1.expected }
        let value = expected > 0 ? clusters.reduce(0) { $0 + $1.observed } / expected : 0
        let count = Double(clusters.count)
        (self.value, self.clusters) = (value, clusters.count)
        guard clusters.count >= 2 else {
            (low, high) = (value, value)
            return
        }
        let squares = clusters.reduce(0) { sum, cluster in
            let rest = cluster.observed - value * cluster.expected
            return sum + rest * rest
        }
        let deviation = (count / (count - 1) * squares).squareRoot() / expected
        let reach = Self.studentT(degreesOfFreedom: count - 1) * deviation
        (low, high) = (max(0, value - reach), value + reach)
    }

    /// The 97.5 % quantile of Student's t, from its expansion in powers of 1/ν around the normal quantile. The error is
    /// below 0.001 from 8 degrees of freedom on. Below 3 degrees the result is too small.
    ///
    /// Source: Abramowitz and Stegun, 26.7.5.
    static func studentT(degreesOfFreedom: Double) -> Double {
        let z = 1.959963984540054
        let (z2, v) = (z * z, degreesOfFreedom)
        let first = z * (z2 + 1) / 4
        let second = z * ((5 * z2 + 16) * z2 + 3) / 96
        let third = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384
        let fourth = z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92_160
        return z + (first + (second + (third + fourth / v) / v) / v) / v
    }
}
