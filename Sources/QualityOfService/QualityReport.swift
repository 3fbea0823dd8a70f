/// How well a detector did on one trace, pooled over its nodes.
///
/// Times are seconds. Every number is finite; what the trace cannot tell is nil.
///
/// Source: the quality of service of Chen, Toueg and Aguilera, “On the quality of service of failure detectors”,
/// IEEE Transactions on Computers 51 (2002).
public struct QualityReport: Hashable, Sendable {
    /// How often silences outlast what φ promises: by definition one in `10^φ` of them.
    public struct Calibration: Hashable, Sendable {
        public var phi: Int  // 1 ... 4
        public var expected: Double  // arrivals with a greater φ, were φ true
        public var observed: Int
        /// log₁₀(observed / expected): 0 where φ is true, above 0 where it promises too much.
        /// nil where fewer than 30 are expected or none was observed.
        public var decades: Double?
    }

    public var samples: Int  // fresh arrivals after the warm-up
    public var nodes: Int  // with any arrival
    public var losses: Int  // sequence numbers that never were fresh, between samples
    public var undefinedDeadlines: Int  // samples that set no deadline
    public var undefinedPhis: Int  // samples taken at no φ (or at NaN)
    public var interval: Double?  // s; median over nodes of the mean gap per sequence step, whole trace

    public var observedTime: Double  // s; up-time under a deadline, summed over nodes
    public var mistakes: Int
    public var mistakeRate: Double?  // λ_M; per second of observed time
    public var mistakesPerHeartbeat: Double?  // per sample that had a deadline before it
    public var mistakeDuration: Double?  // E[T_M], s
    public var mistakeRecurrence: Double?  // E[T_MR], s; from start to start at the same node
    public var queryAccuracy: Double?  // P_A, 0 ... 1; share of observed time without suspicion

    public var margin: Double?  // s; mean of deadline − arrival that set it; below 0 if most had passed already
    public var delay: Double?  // s; mean of arrival − sent; nil: some send time is unknown, and T_D takes delays as 0
    public var detectionTime: Double?  // E[T_D], s; includes `delay`
    public var detectionTimeP99: Double?  // s

    public var calibration: [Calibration]  // for φ = 1, 2, 3, 4
}
