/// The quality of service of a detector on one trace, pooled over its nodes.
///
/// Times are seconds. Every number is finite; values that the trace does not determine are nil.
///
/// Source: the quality of service of Chen, Toueg and Aguilera, “On the quality of service of failure detectors”,
/// IEEE Transactions on Computers 51 (2002).
public struct QualityReport: Hashable, Sendable {
    public var samples: Int  // fresh arrivals after the warm-up
    public var nodes: Int  // with at least one arrival
    public var losses: Int  // sequence numbers between samples that never arrived as fresh heartbeats
    public var undefinedDeadlines: Int  // samples that set no deadline
    public var undefinedPhis: Int  // samples whose φ was undefined or NaN
    public var interval: Double?  // s; median over nodes of the mean gap per sequence step, whole trace

    public var observedTime: Double  // s; up-time with a deadline in force, summed over nodes
    public var mistakes: Int  // by `MistakeRule`
    public var mistakeRate: Double?  // λ_M; per second of observed time
    public var mistakesPerHeartbeat: Double?  // per sample with a deadline in force before it
    public var mistakeDuration: Double?  // E[T_M], s
    public var mistakeRecurrence: Double?  // E[T_MR], s; from start to start on the same node
    public var queryAccuracy: Double?  // P_A, 0 ... 1; share of observed time without suspicion

    public var margin: Double?  // s; mean of deadline − arrival that set it; below 0 if most had already passed
    public var delay: Double?  // s; mean of arrival − sent; nil: some send time is unknown, and T_D assumes delays of 0
    public var detectionTime: Double?  // E[T_D], s; includes `delay`
    public var detectionTimeP99: Double?  // s

    public var calibration: [Calibration]  // for φ = 1, 2, 3, 4
}
