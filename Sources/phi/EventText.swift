import HeartbeatProtocol
import PhiAccrual

/// Formats an event as one line of text.
enum EventText {
    static func line(_ message: EventMessage) -> String {
        switch message {
        case .transition(let transition):
            let time = time(transition.place.at)
            let node = "\(transition.group)/\(transition.node)".escapingControls.padded(to: 24)
            let change = "\(transition.from.rawValue) → \(transition.to.rawValue)".padded(to: 21)
            return "\(Colour.grey(time))  \(transition.level.padded(to: 8)) \(node) "
                + "\(colour(of: transition.to)(change)) \(transition.explanation.escapingControls)"
        case .notice(let notice):
            let scopeName =
                notice.node.map { "\(notice.group ?? "-")/\($0)" } ?? notice.group.map { "group \($0)" } ?? "-"
            return "\(Colour.grey(time(notice.place.at)))  \(notice.kind.rawValue.padded(to: 8)) "
                + "\(scopeName.escapingControls.padded(to: 24)) \(Colour.amber(notice.code.padded(to: 21))) "
                + notice.explanation.escapingControls
        }
    }

    static func colour(of verdict: Verdict) -> Colour {
        switch verdict {
        case .suspected: .red
        case .trusted: .green
        case .new, .learning: .amber
        case .left, .forgotten: .grey
        }
    }

    /// The time of day, in UTC.
    private static func time(_ timestamp: Timestamp) -> String {
        String(timestamp.description.dropFirst(11).prefix(12))
    }
}
