import ArgumentParser
import HeartbeatProtocol
import PhiAccrual

struct PauseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Announce a node's planned absence.",
        discussion: """
            The node is not suspected meanwhile. Events tell when its absence begins and when it ends, which is after \
            the given time or with 'phi resume'.

            Example: phi pause edge/edge-1 --for 2h --reason 'kernel update'
            """)

    @Argument(help: "The node, as group/name.", transform: Parsing.node)
    var node: NodeIdentity
    @Option(name: .customLong("for"), help: "How long it will be absent.", transform: Parsing.duration)
    var time: Duration
    @Option(help: "Why, in at most 200 bytes.")
    var reason = ""
    @OptionGroup var service: RequestOptions

    func validate() throws { _ = try Parsing.explained { try order } }
    private var order: PauseRequest { get throws { try PauseRequest(node, for: time, reason: reason) } }

    func run() throws {
        try service.answer(.pause(try order)) { (answer: PauseAnswer) in
            ["\(answer.node) is not suspected until \(answer.until)"]
        }
    }
}
