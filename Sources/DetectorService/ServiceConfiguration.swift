import HeartbeatProtocol
import PhiAccrual

/// What a detector service is told at its start.
public struct ServiceConfiguration: Sendable {
    /// Endpoints to bind for nodes that connect.
    public var heartbeats: [String] = ["tcp://127.0.0.1:7710"]
    /// Endpoints of nodes that bind, to connect to.
    public var connect: [String] = []
    /// Endpoints to bind for the event feed.
    public var events: [String] = ["tcp://127.0.0.1:7711"]
    /// Endpoints to bind for requests.
    public var control: [String] = ["tcp://127.0.0.1:7712"]
    public var levels = Level.standard(for: .adaptive(.init()))
    public var model = ModelChoice.adaptive(.init())
    /// After which silence a node is forgotten.
    public var retention: Duration = .seconds(86_400)
    public var limits = Limits()

    public struct Limits: Sendable {
        /// Nodes kept at most.
        public var nodes = 1_000_000
        /// Events kept in memory for subscribers that missed some.
        public var events = 100_000
        public init() {}
    }
    public init() {}
}

/// Endpoints as bound and connected, with wildcards resolved.
public struct ServiceEndpoints: Hashable, Sendable {
    public var heartbeats: [String]
    public var connect: [String]
    public var events: [String]
    public var control: [String]
}
