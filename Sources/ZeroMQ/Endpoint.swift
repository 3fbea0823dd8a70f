/// Where a socket binds or connects, and how its connections are secured.
///
/// A string literal is an endpoint without security.
public struct Endpoint: Hashable, Sendable {
    public enum Security: Hashable, Sendable {
        /// Neither encrypted nor authenticated.
        case none
    }
    /// In ZeroMQ's notation: `tcp://127.0.0.1:7710`, `tcp://*:7710`, `tcp://127.0.0.1:*` for any free port,
    /// `ipc:///run/phi.sock`, or `inproc://name` within a context. It is checked when the endpoint is used.
    public var address: String
    public var security: Security

    public init(_ address: String, security: Security = .none) { (self.address, self.security) = (address, security) }
}

extension Endpoint: ExpressibleByStringInterpolation {
    public init(stringLiteral address: String) { self.init(address) }
}

extension Endpoint: CustomStringConvertible {
    public var description: String { address }
}
