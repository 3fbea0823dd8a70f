import PhiAccrual

/// Sentences that explain events to people.
enum Explanation {
    static func of(_ transition: Transition) -> String {
        let evidence = transition.evidence
        let silence = formatted(evidence.silence)
        switch transition.to {
        case _ where evidence.isRestored: return "State restored after restart; first event for this level."
        case .learning where evidence.isByPolicy, .trusted where evidence.isByPolicy:
            return policyChange(transition, silence)
        case .new: return "Node expected; no heartbeat received yet."
        case .learning where transition.from == .left, .trusted where transition.from == .left:
            return "The node sends heartbeats again after its goodbye."
        case .learning where transition.from == .suspected:
            return "Heartbeat received after \(silence) of silence; too few heartbeats so far for a verdict."
        case .learning: return "First heartbeat received."
        case .trusted where transition.from == .suspected:
            return joined(recovery(evidence, silence), missing(evidence))
        case .trusted: return "Heartbeats arrive in order."
        case .left: return "The node said goodbye."
        // The reason may be a request, also for a live node. After a restart the silence starts at the restart.
        case .forgotten: return "Node removed. No heartbeat arrived in the last \(silence)."
        case .suspected where transition.from == .new && evidence.expected == nil:
            return "No heartbeat received within \(silence); the node was expected."
        case .suspected:
            return joined(
                overdue(evidence, silence), missing(evidence), violation(transition),
                evidence.disconnected.map { "The node's connection closed \(formatted($0)) earlier." })
        }
    }

    private static func policyChange(_ transition: Transition, _ silence: String) -> String {
        let (policy, origin) = (transition.effectivePolicy.policy, transition.effectivePolicy.origin)
        guard let timeout = transition.evidence.timeout.map(formatted) else {
            return "Policy is now \(policy) (\(origin)): it has no timeout; silence so far \(silence)."
        }
        return "Policy is now \(policy) (\(origin)): timeout \(timeout), silence so far \(silence)."
    }

    private static func recovery(_ evidence: Evidence, _ silence: String) -> String {
        if let inRow = evidence.inRow, inRow > 1 {
            return "\(counted(inRow, "consecutive heartbeat")) arrived in time."
        }
        return "Heartbeat received after \(silence) of silence."
    }

    private static func overdue(_ evidence: Evidence, _ silence: String) -> String {
        guard let interval = evidence.expected.map(formatted) else { return "No heartbeat for \(silence)." }
        return "No heartbeat for \(silence), expected after \(interval)."
    }

    /// The timeout that was exceeded, and its basis.
    private static func violation(_ transition: Transition) -> String {
        let (policy, origin) = (transition.effectivePolicy.policy, transition.effectivePolicy.origin)
        guard let timeout = transition.evidence.timeout.map(formatted) else {
            // Such a deadline was set for an expected node, or for one that was restored without learned state.
            return "Not heard by its initial deadline; policy \(policy) (\(origin)) has no timeout for it yet."
        }
        guard transition.evidence.samples > 0 else {
            return "Timeout \(timeout) exceeded: \(policy) (\(origin)), estimated from the announced interval."
        }
        return "Timeout \(timeout) exceeded: \(policy) (\(origin)), "
            + "estimated from \(counted(transition.evidence.samples, "gap"))."
    }

    private static func missing(_ evidence: Evidence) -> String? {
        evidence.missing == 0 ? nil : "Missing so far: \(counted(Int(evidence.missing), "heartbeat"))."
    }

    static func of(_ hold: HoldChange) -> String {
        let scope = hold.group.map { "group \($0)" } ?? "all groups"
        let held = formatted((hold.at - hold.began).nanoseconds)
        switch hold.phase {
        case .begins:
            return "Mass silence: \(hold.overdue) of \(counted(hold.overdue + hold.heard, "sampled node")) in \(scope) "
                + "fell silent at once. The network is the likely cause; suspicions are held."
        case .released:
            return "Hold released after \(held): \(hold.heard) of \(counted(hold.overdue, "silent node")) in \(scope) "
                + "are heard again. This time does not count as silence."
        case .expired:
            return "Hold expired after \(held): only \(hold.heard) of \(counted(hold.overdue, "silent node")) "
                + "in \(scope) are heard again. The other nodes are suspected."
        }
    }

    static func of(_ notice: Notice, level: String?) -> String {
        let node = notice.node.map { "\($0)" } ?? "the node with key \(notice.key)"
        let policy = notice.effectivePolicy.map { "\($0.policy)" } ?? "-"
        let level = level ?? "-"
        switch notice.code {
        case .unnamed:
            return "Heartbeats with key \(notice.key) arrive, but the node has not announced its name yet. "
                + "The node is watched; its events are published once its name is known."
        case .takeover:
            return "Heartbeats of \(node) with an older incarnation or an unexpected sequence number keep arriving "
                + "in order. They are accepted from now on."
        case .duplicateNode:
            return "Two senders send heartbeats as \(node). Give each sender its own name."
        case .nameCollision:
            return "A second name has the same key as \(node). The first name is kept."
        case .budgetInfeasible:
            return joined("The budget \(policy) of level \(level) cannot be met for \(node).", shortfall(notice))
        case .budgetFeasible:
            return "The budget \(policy) of level \(level) can be met for \(node) again."
        case .flapping:
            return "\(node) is flapping: it was suspected too often. It is trusted again only after a quiet period."
        case .paused:
            guard let pause = notice.pause else { return "Planned absence: \(node) is not suspected." }
            let duration = formatted(max(0, (pause.until - notice.at).nanoseconds))
            return joined("Planned absence: \(node) is not suspected for \(duration).", reason(notice))
        case .resumed: return joined("The planned absence of \(node) ended.", reason(notice))
        }
    }

    private static func shortfall(_ notice: Notice) -> String? {
        guard let shortfall = notice.shortfall else { return nil }
        let heartbeatsPerMistake = Int64(saturating: (1 / shortfall.mistakesPerHeartbeat).rounded())
        guard let neededTime = shortfall.neededTimeout.map(formatted) else {
            return "Outages alone cause one mistake in \(counted(heartbeatsPerMistake, "heartbeat")), with any timeout."
        }
        return "With its limit, one mistake in \(counted(heartbeatsPerMistake, "heartbeat")) is likely; "
            + "the budget needs a limit of \(neededTime)."
    }

    private static func reason(_ notice: Notice) -> String? {
        notice.pause.flatMap { $0.reason.isEmpty ? nil : "Reason: \($0.reason)" }
    }

    private static func joined(_ sentences: String?...) -> String {
        sentences.compactMap(\.self).joined(separator: " ")
    }

    static func formatted(_ nanoseconds: Int64) -> String { nanoseconds.seconds.formattedDuration }
}
