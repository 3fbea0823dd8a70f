import CMath

/// Natural logarithm of 10.
let ln10 = 2.302585092994045684

/// The upper tail of the standard normal distribution, in logarithms.
///
/// `1 − cdf` is 0 from 8.3 σ on, so suspicion would jump to infinity at φ ≈ 16. Its logarithm stays finite.
public enum NormalTail {
    /// `ln P(Z > z)` for a standard normal Z: at most 0, falling as `z` grows.
    public static func logSurvival(_ z: Double) -> Double {
        if z < -1 { return log1p(-0.5 * erfc(-z * 0.5.squareRoot())) }
        if z < 30 { return log(0.5 * erfc(z * 0.5.squareRoot())) }
        // Abramowitz & Stegun 26.2.12: an asymptotic series. At z = 30 the first omitted term is 3·10⁻¹⁶.
        let y = 1 / (z * z)
        let series = -y * (1 - y * (3 - y * (15 - y * (105 - y * (945 - y * 10395)))))
        return -0.5 * z * z - log(z) - 0.9189385332046727418 + log1p(series)
    }

    /// The `z` whose tail `P(Z > z)` is `10^−phi`.
    /// - Parameter phi: Above 0 and finite.
    public static func quantile(phi: Double) -> Double {
        let target = -phi * ln10
        // logSurvival is concave and falls, so Newton's steps from the right of the root never pass it.
        var z = (-2 * target).squareRoot()
        for _ in 0..<100 {
            let value = logSurvival(z)
            let hazard = exp(-0.5 * z * z - 0.9189385332046727418 - value)
            let step = (value - target) / hazard
            guard step.isFinite, abs(step) > 1e-15 * max(1, abs(z)) else { break }
            z += step
        }
        return z
    }
}
