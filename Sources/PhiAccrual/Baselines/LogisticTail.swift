import CMath

/// The upper tail of a logistic curve that approximates the normal distribution: φ as Akka computes it.
///
/// `P(Z > y) ≈ 1 / (1 + exp(u))` with `u = y · (1.5976 + 0.070566 · y²)`, off by at most 1.4·10⁻⁴ in the body. In the
/// tail it falls as `exp(−0.07 y³)` and not as `exp(−y²/2)`: φ = 8 is 5.2 deviations instead of 5.6, φ = 16 is 7.1
/// instead of 8.2.
///
/// Source: `PhiAccrualFailureDetector.scala` of Akka and Pekko, which credit a handbook of mathematics. Their code
/// computes `exp(−u)`, so φ is infinite from about 324 on, at 21.6 deviations. This is the same function continued in
/// logarithms, `ln(1 + exp(u))`.
public enum LogisticTail {
    private static let linear = 1.5976
    private static let cubic = 0.070566

    /// φ at `deviations` beyond the mean: at least 0, never falling, and finite unless `deviations` is absurdly large.
    public static func phi(_ deviations: Double) -> Double {
        let u = deviations * (linear + cubic * deviations * deviations)
        return (u > 0 ? u + log1p(exp(-u)) : log1p(exp(u))) / ln10
    }

    /// The minimum number of deviations at which `phi(_:)` reaches a threshold, within 10⁻¹⁶ or the last bit.
    /// - Parameter threshold: Above 0 and finite.
    public static func quantile(phi threshold: Double) -> Double {
        let target = threshold * ln10
        let u = target + log(-expm1(-target))
        // y³ + p·y = q has one real root, since p > 0.
        let (p, q) = (linear / cubic, u / cubic)
        let y = 2 * (p / 3).squareRoot() * sinh(asinh(1.5 * q / p * (3 / p).squareRoot()) / 3)
        return leastReaching(threshold, near: y)
    }

    /// Corrects the last digits of the closed form: `phi` itself decides where it reaches the threshold.
    private static func leastReaching(_ threshold: Double, near estimate: Double) -> Double {
        var y = estimate
        let step = max(y.ulp, 0x1p-53)  // near 0, finer steps change nothing in φ
        for _ in 0..<64 {
            if phi(y) >= threshold { break }
            y += step
        }
        for _ in 0..<64 {
            if phi(y - step) < threshold { break }
            y -= step
        }
        return y
    }
}
