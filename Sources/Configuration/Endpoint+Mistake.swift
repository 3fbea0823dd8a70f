import PhiAccrual
import ZeroMQ

extension Endpoint {
    private static let transports = ["tcp", "ipc", "tipc", "vmci", "ws", "wss", "pgm", "epgm", "norm"]

    /// What is wrong with the address, by its text alone; nil if it may be valid. Other errors appear when the endpoint is
    /// used.
    var mistake: String? {
        func mistake(_ reason: String) -> String {
            "\"\(address.escapingControls)\" is not an endpoint: \(reason); "
                + "write for example tcp://127.0.0.1:7710 or ipc:///run/phi.sock"
        }
        guard let end = address.firstRange(of: "://") else { return mistake("'://' is missing") }
        let (transport, place) = (String(address[..<end.lowerBound]), address[end.upperBound...])
        guard Self.transports.contains(transport) else {
            return mistake("'\(transport.escapingControls)' is not a known transport")
        }
        guard !place.isEmpty else { return mistake("nothing follows '://'") }
        guard transport == "tcp" else { return nil }
        guard let colon = place.lastIndex(of: ":"), colon > place.startIndex else {
            return mistake("host and port are missing")
        }
        let port = place[place.index(after: colon)...]
        guard port == "*" || port == "!" || UInt16(port) != nil else {
            return mistake("'\(String(port).escapingControls)' is not a port: use 0 to 65535, or '*' for a free one")
        }
        return nil
    }
}
