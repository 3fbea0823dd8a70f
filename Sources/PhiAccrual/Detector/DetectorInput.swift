/// An input of a detector. Equal inputs in equal order give equal decisions.
public enum DetectorInput: Hashable, Sendable {
    /// A node's name.
    case announcement(NodeIdentity, NodeKey, at: Instant)
    /// A node that should be heard by `until`.
    case expectation(NodeIdentity, NodeKey, until: Instant, at: Instant)
    /// A node that is no longer expected.
    case noExpectation(NodeKey, at: Instant)
    /// Heartbeats that arrived at one instant.
    case heartbeats([Heartbeat], at: Instant)
    case advance(to: Instant)
    /// A period in which the observer received nothing.
    case ignoredSilence(from: Instant, to: Instant)
    /// Upper bound on the lateness of arrival timestamps from now on, in nanoseconds.
    case timestampUncertainty(Int64)
    /// Whether more heartbeats are pending than one turn drains.
    case backlog(Bool)
    case policies(PolicyTable, at: Instant)
    /// When suspected nodes are trusted again, and when suspicions are held.
    case rules(RecoveryRule, HoldRule?)
    /// Planned absence: the node is not suspected before `until`.
    case pause(NodeKey, until: Instant, reason: String, at: Instant)
    case resumption(NodeKey, at: Instant)
    case forgetting(NodeKey, at: Instant)
    /// The node's connection was closed.
    case disconnection(NodeKey, at: Instant)

    /// When the input was applied; nil if that makes no difference.
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
