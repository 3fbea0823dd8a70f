#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What is believed of a node before anything is known, and of what is rarer than all that was seen.
///
/// With n heartbeats nothing rarer than 1/n is known. So beside the n that were seen a fraction of one is pretended, whose
/// gap has a tail so heavy that it decides wherever n heartbeats have nothing to say.
enum PseudoCountPrior {
    /// How much of a heartbeat it is.
    private static let weight = 0.3

    /// Share of such gaps that are longer than so many intervals: `(1 + 2 y)^(−3/2)` for `y` intervals beyond the first.
    static func share<Number: FloatingPoint>(longerThan intervals: Number) -> Number {
        let excess = 1 + 2 * max(0, intervals - 1)
        return 1 / (excess * excess.squareRoot())
    }

    /// Logarithm of the share with the pretended heartbeat among `count` that were seen.
    static func mixed(_ logShare: Double, of count: Double, with pretended: Double) -> Double {
        log((count * exp(logShare) + weight * pretended) / (count + weight))
    }

    /// How much of a share the pretended heartbeat makes up among `count` that are known of.
    static func part(of count: Float) -> Float { Float(weight) / (count + Float(weight)) }
}
