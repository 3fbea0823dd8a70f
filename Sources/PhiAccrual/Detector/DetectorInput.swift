/// Everything that a detector can be told. Told the same once more, it decides the same.
public enum DetectorInput: Hashable, Sendable {
    /// What a node is called.
    case announcement(NodeIdentity, NodeKey, at: Instant)
    /// A node that should be heard until then.
    case expectation(NodeIdentity, NodeKey, until: Instant, at: Instant)
    /// A node that is expected no more.
    case noExpectation(NodeKey, at: Instant)
    /// Heartbeats that arrived at one instant.
    case heartbeats([Heartbeat], at: Instant)
    case advance(to: Instant)
    /// The observer heard nothing in that time.
    case ignoredSilence(from: Instant, to: Instant)
    /// By how many nanoseconds stamps of arrivals may be too late from now on.
    case timestampUncertainty(Int64)
    /// Whether more heartbeats wait than are taken in at a time.
    case backlog(Bool)
    case policies(PolicyTable, at: Instant)
    /// When suspected nodes are trusted again, and when suspicions are held back.
    case rules(RecoveryRule, HoldRule?)
    /// Planned absence: the node is not suspected until then.
    case pause(NodeKey, until: Instant, reason: String, at: Instant)
    case resumption(NodeKey, at: Instant)
    case forgetting(NodeKey, at: Instant)
    /// The node's connection was closed.
    case disconnection(NodeKey, at: Instant)

    /// When it was told; nil where that makes no difference.
    public var instant: Instant? {
        switch self {
        case .announcement(_, _, let now), .expectation(_, _, _, let now), .noExpectation(_, let now),
            .heartbeats(_, let now), .advance(let now), .policies(_, let now), .pause(_, _, _, let now),
            .resumption(_, let now), .forgetting(_, let now), .disconnection(_, let now):
            now
        case .ignoredSilence(let start, _): start
        case .timestampUncertainty, .backlog, .rules: nil
        }
    }
}
