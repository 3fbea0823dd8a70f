import PhiAccrual

/// Sentences that explain events to people.
enum Explanation {
    static func of(_ transition: Transition) -> String {
        let evidence = transition.evidence
        let silence = formatted(evidence.silence)
        switch transition.to {
        case _ where evidence.isRestored: return "So it was before the restart; this level had not told of it yet."
        case .learning where evidence.isByPolicy, .trusted where evidence.isByPolicy:
            let allowed =
                evidence.timeout.map { " allows \(formatted($0)) of silence, and" }
                ?? " suspects nobody for silence, and"
            return
                "\(transition.effectivePolicy.policy) (\(transition.effectivePolicy.origin))\(allowed) it has lasted \(silence)."
        case .new: return "Expected, and not heard yet."
        case .learning where transition.from == .left, .trusted where transition.from == .left:
            return "The node is back after its goodbye."
        case .learning where transition.from == .suspected:
            return "A heartbeat ended a silence of \(silence); too few were heard to say more."
        case .learning: return "First heartbeat."
        case .trusted where transition.from == .suspected:
            if let inRow = evidence.inRow, inRow > 1 {
                return "\(counted(inRow, "heartbeat")) in a row came in time\(lost(evidence))."
            }
            return "A heartbeat ended a silence of \(silence)\(lost(evidence))."
        case .trusted: return "Heartbeats arrive in order."
        case .left: return "The node said goodbye."
        case .forgotten: return "The node is kept no longer. Nothing was heard of it for \(silence)."
        case .suspected where transition.from == .new && evidence.expected == nil:
            return "Expected for \(silence), and never heard."
        case .suspected:
            let expected = evidence.expected.map { ", expected after \(formatted($0))" } ?? ""
            let threshold = evidence.timeout.map { " after \(formatted($0))" } ?? ""
            let basis = evidence.samples == 0 ? "its announced interval" : "\(counted(evidence.samples, "gap"))"
            let reached =
                transition.effectivePolicy.policy.phi != nil
                ? "is reached\(threshold)" : evidence.timeout.map { "allows \(formatted($0))" } ?? "is broken"
            let connection = evidence.disconnected.map { " Its connection closed \(formatted($0)) before." } ?? ""
            return "No heartbeat for \(silence)\(expected)\(lost(evidence)). "
                + "\(transition.effectivePolicy.policy) (\(transition.effectivePolicy.origin)) \(reached), judged by \(basis).\(connection)"
        }
    }

    static func of(_ hold: HoldChange) -> String {
        let scopeName = hold.group.map { "group \($0)" } ?? "all groups"
        let held = formatted((hold.at - hold.began).nanoseconds)
        switch hold.phase {
        case .begins:
            let asked = hold.overdue + hold.heard
            return
                "Of \(counted(asked, "node")) asked in \(scopeName), \(hold.overdue) fell silent at once: the network, "
                + "more likely than the nodes. Suspicions are held back."
        case .released:
            return
                "\(hold.heard) of the \(counted(hold.overdue, "silent node")) asked in \(scopeName) are heard again. "
                + "\(held) are held against nobody."
        case .expired:
            return
                "After \(held) only \(hold.heard) of the \(counted(hold.overdue, "silent node")) asked in \(scopeName) "
                + "are heard again: the others are suspected."
        }
    }

    static func of(_ notice: Notice, level: String?) -> String {
        let node = notice.node.map { "\($0)" } ?? "the node with key \(notice.key)"
        let budget = [notice.effectivePolicy.map { "\($0.policy)" }, level.map { "of level \($0)" }].compactMap(\.self)
            .joined(separator: " ")
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
        case .budgetInfeasible:
            let had = notice.shortfall.map { shortfall in
                let had = "comes one mistake in \(counted(1 / shortfall.mistakesPerHeartbeat, "heartbeat"))"
                return shortfall.neededTimeout.map {
                    " Within its limit \(had); the budget needs a limit of \(formatted($0))."
                } ?? " By outages alone \(had), however long the wait."
            }
            return
                "The budget \(budget) cannot be kept for \(node)."
                + (had ?? "")
        case .budgetFeasible:
            return
                "The budget \(budget) can be kept for \(node) again."
        case .flapping:
            return "\(node) was suspected so often of late that it is trusted again only after a time of calm."
        case .paused:
            let time = notice.pause.map { " for \(formatted(max(0, ($0.until - notice.at).nanoseconds)))" } ?? ""
            return "Planned absence: \(node) is not suspected\(time).\(reason(notice))"
        case .resumed: return "The planned absence of \(node) is over.\(reason(notice))"
        }
    }

    private static func reason(_ notice: Notice) -> String {
        notice.pause.map { $0.reason.isEmpty ? "" : " Reason given: \($0.reason)" } ?? ""
    }

    private static func lost(_ evidence: Evidence) -> String {
        evidence.missing == 0 ? "" : ", \(counted(Int(evidence.missing), "heartbeat")) missing so far"
    }

    private static func counted(_ count: Double, _ noun: String) -> String {
        counted(Int(Int64(saturating: count.rounded())), noun)
    }
    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    static func formatted(_ nanoseconds: Int64) -> String { nanoseconds.seconds.formattedDuration }
}
