import PhiAccrual

/// Sentences for people: why a verdict is what it is.
enum Explanation {
    static func of(_ transition: Transition, under level: Level) -> String {
        let evidence = transition.evidence
        let silence = spoken(evidence.silence)
        switch transition.to {
        case .new: return "Expected, and not heard yet."
        case .learning where transition.from == .left, .trusted where transition.from == .left:
            return "The node is back after its goodbye."
        case .learning where transition.from == .suspected:
            return "A heartbeat ended a silence of \(silence); too few were heard to say more."
        case .learning: return "First heartbeat."
        case .trusted where transition.from == .suspected:
            return "A heartbeat ended a silence of \(silence)\(lost(evidence))."
        case .trusted: return "Heartbeats arrive in order."
        case .left: return "The node said goodbye."
        case .forgotten: return "Nothing was heard for \(silence), the time for which silent nodes are kept."
        case .suspected:
            let expected = evidence.expected.map { ", expected after \(spoken($0))" } ?? ""
            let threshold = evidence.wait.map { " after \(spoken($0))" } ?? ""
            let basis = evidence.samples == 0 ? "its announced interval" : "\(counted(evidence.samples, "gap"))"
            let reached =
                level.policy.phi != nil
                ? "is reached\(threshold)" : evidence.wait.map { "allows \(spoken($0))" } ?? "is broken"
            return "No heartbeat for \(silence)\(expected)\(lost(evidence)). "
                + "\(level.policy) (\(level.origin)) \(reached), judged by \(basis)."
        }
    }

    static func of(_ notice: Notice, level: Level?) -> String {
        let node = notice.node.map { "\($0)" } ?? "the node with key \(notice.key)"
        switch notice.code {
        case .unnamed:
            return "Heartbeats of a node with key \(notice.key) arrive, and none of them said its name yet. "
                + "It is watched, and announced once its name is known."
        case .takeover:
            return "Heartbeats of \(node) with an older start or an unlikely sequence number kept coming in order, "
                + "so they are taken for the living sender."
        case .duplicateNode:
            return "Two senders take turns as \(node). Give each a name of its own."
        case .nameCollision:
            return "A second name claims the key of \(node). The first name stays."
        case .infeasible:
            let had = notice.shortfall.map { shortfall in
                let had = "comes one mistake in \(counted(1 / shortfall.mistakesPerHeartbeat, "heartbeat"))"
                return shortfall.neededWait.map {
                    " Within its limit \(had); the budget needs a limit of \(spoken($0))."
                } ?? " By outages alone \(had), however long the wait."
            }
            return
                "The budget \(level.map { "\($0.policy) of level \($0.name)" } ?? "of a level") cannot be kept for \(node)."
                + (had ?? "")
        case .feasible:
            return
                "The budget \(level.map { "\($0.policy) of level \($0.name)" } ?? "of a level") can be kept for \(node) again."
        }
    }

    private static func lost(_ evidence: Evidence) -> String {
        evidence.missing == 0 ? "" : ", \(counted(Int(evidence.missing), "heartbeat")) missing so far"
    }

    private static func counted(_ count: Double, _ noun: String) -> String {
        counted(Int(Int64(saturating: count.rounded())), noun)
    }
    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    static func spoken(_ nanoseconds: Int64) -> String { nanoseconds.seconds.spokenSeconds }
}
