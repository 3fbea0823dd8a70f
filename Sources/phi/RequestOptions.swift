import ArgumentParser
import HeartbeatProtocol
import PhiAccrual
import PhiClient
import ZeroMQ

/// Options of all commands that send a request to a running detector.
struct RequestOptions: ParsableArguments {
    @Option(help: "Endpoint at which the detector accepts requests.")
    var control: Endpoint = "tcp://127.0.0.1:7712"
    @Option(help: "Timeout of the request (default 3s).", transform: Parsing.duration)
    var timeout: Duration?
    @Flag(help: "Print one JSON object.")
    var json = false

    /// Sends a request and prints the answer: as JSON or as text.
    /// - Parameter defaultTimeout: Timeout of the request unless the user set `--timeout`.
    func answer<Answer: Codable & Sendable>(
        _ request: DetectorRequest, defaultTimeout: Duration = .seconds(3), asText lines: (Answer) -> [String]
    ) throws {
        var client = try ControlClient(endpoint: control)
        let within = timeout ?? defaultTimeout
        if json {
            let answer: JSONValue = try client.request(request, within: within)
            Console.print(try WireJSON.encode(answer))
        } else {
            for line in lines(try client.request(request, within: within)) { Console.print(line) }
        }
    }
}

extension Parsing {
    /// Parses a node such as `edge/edge-1`.
    static func node(_ text: String) throws -> NodeIdentity { try explained { try NodeIdentity(writtenAs: text) } }
    static func group(_ text: String) throws -> PolicyScope { try explained { try PolicyScope(groupNamed: text) } }
}
