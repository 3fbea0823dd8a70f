import ArgumentParser
import HeartbeatProtocol
import PhiAccrual

struct PauseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Announce the planned absence of a node.",
        discussion: """
            The detector does not suspect the node during its planned absence. The absence ends after the given time \
            or with 'phi resume'. The detector publishes an event when it begins and when it ends.

            Example: phi pause edge/edge-1 --for 2h --reason 'kernel update'
            """)

    @Argument(help: "The node, as group/name.", transform: Parsing.node)
    var node: NodeIdentity
    @Option(name: .customLong("for"), help: "Duration of the absence.", transform: Parsing.duration)
    var time: Duration
    @Option(help: "Reason, at most 200 bytes; it is part of the events.")
    var reason = ""
    @OptionGroup var service: RequestOptions

    func validate() throws { _ = try Parsing.explained { try request } }
    private var request: PauseRequest { get throws { try PauseRequest(node, for: time, reason: reason) } }

    func run() throws {
        try service.answer(.pause(try request)) { (answer: PauseAnswer) in
            ["\(answer.node) is not suspected until \(answer.until)"]
        }
    }
}
