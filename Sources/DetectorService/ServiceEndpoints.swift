import ZeroMQ

/// Endpoints as bound and connected, with wildcards resolved.
public struct ServiceEndpoints: Hashable, Sendable {
    public var heartbeats: [Endpoint]
    public var connect: [Endpoint]
    public var events: [Endpoint]
    public var control: [Endpoint]
}
