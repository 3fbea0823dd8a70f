import ArgumentParser
import HeartbeatProtocol
import PhiAccrual

struct ForgetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Remove a node and its learned state from the detector.",
        discussion: """
            Use it for a node that will not come back. The detector deletes what it learned about the node. If the \
            node sends heartbeats again, it is a new node.
            """)

    @Argument(help: "The node, as group/name.", transform: Parsing.node)
    var node: NodeIdentity
    @OptionGroup var service: RequestOptions

    func run() throws {
        try service.answer(.forget(node)) { (answer: ForgetAnswer) in ["\(answer.node) was removed"] }
    }
}
