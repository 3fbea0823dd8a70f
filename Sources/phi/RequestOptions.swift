import ArgumentParser
import HeartbeatProtocol
import PhiAccrual
import PhiClient

/// What all commands take that ask a running detector.
struct RequestOptions: ParsableArguments {
    @Option(help: "The detector's endpoint of requests.")
    var control = "tcp://127.0.0.1:7712"
    @Option(help: "How long to wait for an answer (default 3s).", transform: Parsing.duration)
    var timeout: Duration?
    @Flag(help: "Print one JSON object.")
    var json = false

    /// Asks, and prints the answer: as it came, or as people read it.
    /// - Parameter patience: How long an answer may take unless the user said so.
    func answer<Answer: Codable & Sendable>(
        _ order: ControlRequest, patience: Duration = .seconds(3), asText lines: (Answer) -> [String]
    ) throws {
        var client = try ControlClient(endpoint: control)
        let within = timeout ?? patience
        if json {
            let answer: JSONValue = try client.ask(order, within: within)
            Console.print(try WireJSON.encode(answer))
        } else {
            for line in lines(try client.ask(order, within: within)) { Console.print(line) }
        }
    }
}

extension Parsing {
    /// `edge/edge-1`: a node.
    static func node(_ text: String) throws -> NodeIdentity { try explained { try NodeIdentity(writtenAs: text) } }
    static func group(_ text: String) throws -> PolicyScope { try explained { try PolicyScope(groupNamed: text) } }
}
