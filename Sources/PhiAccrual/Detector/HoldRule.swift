/// When silence counts as mass silence: many nodes fall silent at once, and few are heard.
///
/// It is then more likely that a network path was cut than that all those nodes died. Suspicions are held until the
/// nodes are heard again, or for the maximum duration.
public struct HoldRule: Hashable, Sendable {
    /// Minimum share of overdue nodes among those that are overdue or heard: above 0, at most 1.
    public var share: Double
    /// Minimum of overdue nodes minus heard ones, at least 2: among few nodes, most fall silent at once by chance.
    public var minExcess: Int
    /// Duration after which suspicions are emitted nevertheless; above 0, at most `maxDurationLimit`.
    public var maxDuration: Int64  // ns
    /// One hour. A hold is checked every 250 ms, so to advance over the whole hold takes as many checks.
    public static let maxDurationLimit: Int64 = 3_600_000_000_000  // ns

    public init(share: Double = 0.5, minExcess: Int = 3, maxDuration: Int64 = 30_000_000_000) {
        precondition(share > 0 && share <= 1, "the share is above 0 and at most 1")
        precondition(
            (2...HoldRule.sampleSize).contains(minExcess),
            "the minimum excess is at least 2 and at most the sample size")
        precondition(
            (1...Self.maxDurationLimit).contains(maxDuration), "the maximum duration of a hold is above 0 and limited")
        (self.share, self.minExcess, self.maxDuration) = (share, minExcess, maxDuration)
    }

    /// Maximum number of overdue and heard nodes in a sample.
    static let sampleSize = 64
    /// Maximum number of nodes examined for a sample: many may be neither overdue nor heard.
    static let maxSampled = 1024
}

/// The beginning or the end of a hold, for one group or for all nodes.
public struct HoldChange: Hashable, Sendable {
    public enum Phase: String, Hashable, Sendable {
        case begins
        /// The silent nodes are heard again. The time of the hold does not count as silence.
        case released
        /// The hold reached its maximum duration. Nodes that are still silent are suspected.
        case expired
    }
    public var phase: Phase
    /// Nil: all groups.
    public var group: String?
    public var at: Instant
    /// When the hold began.
    public var began: Instant
    /// The latest arrival from a silent node.
    public var silentSince: Instant
    /// Number of sampled nodes that were overdue.
    public var overdue: Int
    /// When a hold begins, the sampled nodes heard since the candidate's heartbeat was expected; when it ends, the
    /// overdue nodes heard since it began.
    public var heard: Int
    /// Number of nodes in the hold's scope.
    public var nodes: Int
}
