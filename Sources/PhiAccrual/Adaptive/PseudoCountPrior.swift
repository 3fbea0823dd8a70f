import CMath

/// The prior for a node without data, and for lateness beyond all data.
///
/// n heartbeats give no information about anything rarer than 1/n. So a fraction of one pseudo-heartbeat is added to
/// the n that were seen. Its gap has a tail so heavy that it decides wherever n heartbeats give no information.
enum PseudoCountPrior {
    /// Weight of the pseudo-heartbeat, in heartbeats.
    private static let weight = 0.3

    /// Share of pseudo-heartbeats whose gap exceeds this many intervals: `(1 + 2 y)^(−3/2)` for `y` intervals beyond
    /// the first.
    static func share<Number: FloatingPoint>(longerThan intervals: Number) -> Number {
        let excess = 1 + 2 * max(0, intervals - 1)
        return 1 / (excess * excess.squareRoot())
    }

    /// Natural logarithm of the share after the pseudo-heartbeat is added to `count` heartbeats that were seen.
    static func mixed(_ logShare: Double, of count: Double, with prior: Double) -> Double {
        log((count * exp(logShare) + weight * prior) / (count + weight))
    }

    /// Weight of the pseudo-heartbeat in a share, beside `count` known heartbeats: 0 ... 1.
    static func part(of count: Float) -> Float { Float(weight) / (count + Float(weight)) }
}
