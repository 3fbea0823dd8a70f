/// Suspicion at one moment as a function of silence: `φ = −log₁₀` of the share of heartbeats that come later.
///
/// It uses the family `bursts`, all states pooled, and only the node's own heartbeats. Beyond these the pseudo-count
/// prior decides. So φ grows without bound, but no faster than the data supports.
struct SuspicionCurve: ~Copyable {
    private let survival: LatenessSurvival
    private let unit: Double  // ns
    private let scale: Double  // ns

    init(_ tables: borrowing LatenessHistograms, unit: Double, scale: Double) {
        survival = LatenessSurvival(tables.pooled(.bursts).span, of: .bursts)
        (self.unit, self.scale) = (unit, scale)
    }

    /// Lateness in scales after the centre.
    func lateness(after silence: Double) -> Double { (silence - unit) / scale }
    func silence(ofLateness lateness: Double) -> Double { min(0x1p63, max(1, unit + lateness * scale)) }

    /// - Parameter silence: In nanoseconds, at least 0.
    @inline(__always) func phi(after silence: Double) -> Double {
        let logShare = survival.logShare(at: lateness(after: silence), start: -unit / scale)
        let prior = PseudoCountPrior.share(longerThan: silence / unit)
        // `-x` would give −0 where every heartbeat comes later.
        return max(0, 0 - PseudoCountPrior.mixed(logShare, of: Double(survival.total), with: prior) / ln10)
    }

    /// The silence at which φ reaches a threshold, in nanoseconds.
    /// - Parameter guess: Start of the search in nanoseconds, above 0. A guess near the result makes the search short.
    func timeout(until phi: Double, near guess: Double) -> Double {
        // φ only grows, so there is one crossing: after `low`, and not after `high`.
        var (low, high) = (0.0, Double.infinity)
        var (at, error) = (guess, self.phi(after: guess) - phi)
        var slope = 1 / guess  // of φ; about that of a tail that falls as a square
        var turn = 0
        while true {
            if error < 0 { low = at } else { high = at }
            if abs(error) <= 1e-10 * phi || low > 0x1p63 { return at }
            if high - low <= max(0.25, low * 0x1p-51) { return high }
            // Secant step: where a straight line through the last two points reaches φ.
            var next = at - error / slope
            if !(next > low && next < min(high, 8 * at)) || turn > 20 {
                next = high == .infinity ? 2 * low : (low + high) / 2
            }
            let nextError = self.phi(after: next) - phi
            slope = (nextError - error) / (next - at)
            (at, error, turn) = (next, nextError, turn + 1)
        }
    }
}
