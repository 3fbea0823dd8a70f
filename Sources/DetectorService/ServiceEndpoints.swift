/// Endpoints as bound and connected, with wildcards resolved.
public struct ServiceEndpoints: Hashable, Sendable {
    public var heartbeats: [String]
    public var connect: [String]
    public var events: [String]
    public var control: [String]
}
