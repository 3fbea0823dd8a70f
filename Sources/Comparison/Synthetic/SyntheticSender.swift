import CMath
import PhiAccrual

/// One node of a synthetic family, and its link to the observer.
struct SyntheticSender {
    private let family: SyntheticFamily
    private var random: SplitMix64
    private var number = 0.0  // k
    // Times are in units of η.
    private var schedule: Double  // s(k); starts at a random point of the first interval
    private var lastArrival = -Double.infinity
    private var stallEnd = -Double.infinity
    /// Whether there is a storm, or the link is bad.
    private var isTroubled = false
    private let angle: Double  // θ

    init(_ family: SyntheticFamily, seed: UInt64) {
        self.family = family
        random = SplitMix64(seed: seed)
        schedule = Double.random(in: 0..<1, using: &random)
        angle = Double.random(in: 0..<2 * .pi, using: &random)
    }

    /// Arrival of the next heartbeat, in nanoseconds; nil if it is lost.
    mutating func next() -> Int64? {
        let due = schedule
        let (arrival, loss) = send(due)
        let drift = family == .driftingPeriod ? 0.3 * sin(2 * .pi * number / 6000 + angle) : 0
        schedule += 1 + drift
        number += 1
        guard !chance(loss) else { return nil }
        lastArrival = arrival
        return Int64(saturating: (arrival * SyntheticFamily.interval).rounded())
    }

    /// Arrival of a heartbeat sent at this instant, and the probability that it is lost.
    private mutating func send(_ due: Double) -> (arrival: Double, loss: Double) {
        switch family {
        case .stationary, .driftingPeriod: return (due + 0.05 * normal(), 0.005)
        case .regimeSwitching:
            isTroubled = isTroubled ? !chance(1.0 / 200) : chance(1.0 / 1000)
            return (due + (isTroubled ? 0.1 : 0.01) * normal(), 0.001)
        case .heavyTailed: return (max(lastArrival, due + 0.05 * (1 / uniform().squareRoot() - 1)), 0)
        case .burstyLoss:
            isTroubled = isTroubled ? !chance(0.1) : chance(1.0 / 500)
            return (due + 0.02 * normal(), isTroubled ? 0.5 : 0.001)
        case .batchArrivals:
            if chance(1.0 / 300) { stallEnd = max(stallEnd, due + 1 - 3 * log(uniform())) }
            return (max(lastArrival, due + 0.02 * normal(), stallEnd), 0.001)
        }
    }

    private mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }
    /// In (0, 1].
    private mutating func uniform() -> Double { 1 - Double.random(in: 0..<1, using: &random) }
    /// Source: Box and Muller, “A note on the generation of random normal deviates”, 1958.
    private mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }
}
