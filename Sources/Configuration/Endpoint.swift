import PhiAccrual

/// Checks an endpoint by its text alone. Other errors appear when the endpoint is used.
enum Endpoint {
    private static let transports = ["tcp", "ipc", "tipc", "vmci", "ws", "wss", "pgm", "epgm", "norm"]

    /// What is wrong with the endpoint; nil if it may be valid.
    static func mistake(in text: String) -> String? {
        let expected = "write for example tcp://127.0.0.1:7710 or ipc:///run/phi.sock"
        func mistake(_ reason: String) -> String {
            "\"\(text.escapingControls)\" is not an endpoint: \(reason); \(expected)"
        }
        guard let end = text.firstRange(of: "://") else { return mistake("'://' is missing") }
        let (transport, address) = (String(text[..<end.lowerBound]), text[end.upperBound...])
        guard transports.contains(transport) else {
            return mistake("'\(transport.escapingControls)' is not a known transport")
        }
        guard !address.isEmpty else { return mistake("nothing follows '://'") }
        guard transport == "tcp" else { return nil }
        guard let colon = address.lastIndex(of: ":"), colon > address.startIndex else {
            return mistake("host and port are missing")
        }
        let port = address[address.index(after: colon)...]
        guard port == "*" || port == "!" || UInt16(port) != nil else {
            return mistake("'\(String(port).escapingControls)' is not a port: use 0 to 65535, or '*' for a free one")
        }
        return nil
    }
}
