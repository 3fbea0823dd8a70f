/// Planned absence: until it ends, a node's silence is no failure.
public struct Pause: Hashable, Sendable {
    public var until: Instant
    /// Free text for operators.
    public var reason: String
    public init(until: Instant, reason: String) { (self.until, self.reason) = (until, reason) }
}
