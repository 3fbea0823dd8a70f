import ArgumentParser
import HeartbeatProtocol
import PhiAccrual

struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "End the planned absence of a node early.",
        discussion: "The detector suspects the node again if it is silent.")

    @Argument(help: "The node, as group/name.", transform: Parsing.node)
    var node: NodeIdentity
    @OptionGroup var service: RequestOptions

    func run() throws {
        try service.answer(.resume(node)) { (answer: ResumeAnswer) in
            [answer.wasPaused ? "\(answer.node) is watched again" : "\(answer.node) was not paused; it is watched"]
        }
    }
}
