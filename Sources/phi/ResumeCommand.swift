import ArgumentParser
import HeartbeatProtocol
import PhiAccrual

struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "End a node's planned absence before its time.",
        discussion: "From now on the node's silence counts again.")

    @Argument(help: "The node, as group/name.", transform: Parsing.node)
    var node: NodeIdentity
    @OptionGroup var service: RequestOptions

    func run() throws {
        try service.answer(.resume(node)) { (answer: ResumeAnswer) in
            [answer.wasPaused ? "\(answer.node) is watched again" : "\(answer.node) was not paused, and is watched"]
        }
    }
}
