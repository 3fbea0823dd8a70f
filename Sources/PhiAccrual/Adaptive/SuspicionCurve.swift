/// How suspicious silence is at one time: `φ = −log₁₀` of the share of heartbeats that come later.
///
/// It asks the family of bad patches, all its states together, and only what the node itself has shown; beyond that a
/// pretended heartbeat decides. So φ grows without bound, but no faster than knowledge allows.
struct SuspicionCurve {
    private let survival: LatenessSurvival
    private let unit: Double  // ns
    private let scale: Double  // ns

    init(_ tables: borrowing LatenessTables, unit: Double, scale: Double) {
        let family = Family.patches
        var counts = InlineArray<46, Float>(repeating: 0)
        var total: Float = 0
        for state in family.states {
            let first = family.firstBucket(ofState: state)
            for bucket in 0..<family.bucketCount {
                let count = tables.counts[first + bucket].value
                counts[bucket] += count
                total += count
            }
        }
        survival = LatenessSurvival(counts, of: family, total: total)
        (self.unit, self.scale) = (unit, scale)
    }

    /// - Parameter silence: In nanoseconds, at least 0.
    func phi(after silence: Double) -> Double {
        let logShare = survival.logShare(at: (silence - unit) / scale, start: -unit / scale)
        let pretended = PretendedHeartbeat.share(longerThan: silence / unit)
        return max(0, -PretendedHeartbeat.mixed(logShare, of: Double(survival.total), with: pretended) / ln10)
    }

    /// The silence at which φ is reached, in nanoseconds.
    func wait(until phi: Double) -> Double {
        var (low, high) = (0.0, 2 * unit)
        while high < 0x1p63, self.phi(after: high) < phi { (low, high) = (high, 2 * high) }
        // φ only grows, so there is one crossing. Each end is moved to where a straight line between them would meet φ,
        // and every third time to the middle, lest one end stay.
        var (below, above) = (self.phi(after: low) - phi, self.phi(after: high) - phi)
        var turn = 0
        while high - low > 0.5, high - low > high * 0x1p-50 {
            turn += 1
            let share = turn % 3 == 0 || below >= 0 ? 0.5 : min(0.99, max(0.01, below / (below - above)))
            let guess = low + (high - low) * share
            let error = self.phi(after: guess) - phi
            if error < 0 { (low, below) = (guess, error) } else { (high, above) = (guess, error) }
        }
        return high
    }
}
