import ArgumentParser
import HeartbeatProtocol
import PhiAccrual

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explain why a node is trusted or suspected.",
        discussion: """
            Prints the current state of the node, its timeout at each level, and its last verdicts with their reasons.

            Example: phi explain edge/edge-1
            """)

    @Argument(help: "The node, as group/name.", transform: Parsing.node)
    var node: NodeIdentity
    @OptionGroup var service: RequestOptions

    func run() throws { try service.answer(.explain(node), asText: Self.lines) }

    private static func lines(_ answer: ExplainAnswer) -> [String] {
        answer.sentences + (answer.verdicts.isEmpty ? [] : [""] + answer.verdicts.map(line))
    }

    private static func line(_ verdict: EventMessage) -> String {
        let time = Colour.grey(String(verdict.place.at.description.prefix(19)))
        switch verdict {
        case .transition(let transition):
            let change = "\(transition.from.rawValue) → \(transition.to.rawValue)".padded(to: 21)
            return "\(time)  \(transition.level.padded(to: 8)) "
                + "\(EventText.colour(of: transition.to)(change)) \(transition.explanation.escapingControls)"
        case .notice(let notice):
            return "\(time)  \(notice.kind.rawValue.padded(to: 8)) "
                + "\(Colour.amber(notice.code.padded(to: 21))) \(notice.explanation.escapingControls)"
        }
    }
}
