/// Planned absence: until it ends, a node's silence is no failure.
public struct Pause: Hashable, Sendable {
    public var until: Instant
    /// For people.
    public var reason: String
    public init(until: Instant, reason: String) { (self.until, self.reason) = (until, reason) }
}
