import ArgumentParser
import HeartbeatProtocol
import PhiAccrual

struct ForgetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Have the detector forget a node.",
        discussion: """
            For a node that will not come back. What was learned of it is lost. Should it be heard again after all, it \
            appears as a new one.
            """)

    @Argument(help: "The node, as group/name.", transform: Parsing.node)
    var node: NodeIdentity
    @OptionGroup var service: RequestOptions

    func run() throws {
        try service.answer(.forget(node)) { (answer: ForgetAnswer) in ["\(answer.node) is forgotten"] }
    }
}
