import PhiAccrual

/// A notice about the service itself: no node caused it.
public enum ServiceNotice: Hashable, Sendable {
    /// What the detector observed about its own listening and its clocks.
    case observed(SelfObservation.Finding)
    /// Events and learned state are no longer persisted.
    case stateStoreLost(String)
    /// Inputs are no longer recorded.
    case recordingStopped(String)
    /// A policy was set, or removed if it is nil, while the service runs.
    case tuned(level: String, scope: PolicyScope, Policy?, effectivePolicy: PolicyTable.EffectivePolicy)
    /// The configuration was reloaded.
    case reloaded(String)

    /// A hold for one group, or for all groups, was active when the service ended.
    case holdReleased(group: String?)

    /// The duration that the notice reports, or how far the clock was set.
    fileprivate var time: Duration? {
        switch self {
        case .observed(.paused(let time)), .observed(.caughtUp(let time)), .observed(.machineSuspended(let time)),
            .observed(.clockStepped(let time)):
            time
        default: nil
        }
    }

    /// The nodes concerned.
    var scope: PolicyScope {
        switch self {
        case .tuned(_, let scope, _, _): scope
        case .holdReleased(let group?): .group(group)
        default: .everyone
        }
    }
}

extension NoticeMessage {
    public init(_ notice: ServiceNotice, at place: EventPosition) {
        (kind, self.place, group, node, key) = (.notice, place, nil, nil, nil)
        numbers = notice.time.map { ["seconds": $0.nanoseconds.seconds] } ?? [:]
        switch notice {
        case .observed(.paused(let time)):
            code = "detector-paused"
            explanation =
                "The detector was paused for \(Explanation.formatted(time.nanoseconds)); node timeouts are extended."
        case .observed(.overloaded):
            code = "overloaded"
            explanation =
                "Heartbeats arrive faster than the detector applies them. No node is suspected until the backlog is drained."
        case .observed(.caughtUp(let time)):
            code = "caught-up"
            explanation =
                "The backlog is drained after \(Explanation.formatted(time.nanoseconds)) of overload. "
                + "Silent nodes are suspected again."
        case .observed(.machineSuspended(let time)):
            code = "suspended"
            explanation =
                "The detector's machine was suspended for \(Explanation.formatted(time.nanoseconds)); "
                + "node timeouts are extended."
        case .observed(.clockStepped(let time)):
            code = "clock-step"
            let direction = time < .zero ? "back" : "forward"
            explanation =
                "The wall clock of the detector's machine was set \(direction) by "
                + "\(Explanation.formatted(abs(time.nanoseconds))). Verdicts do not depend on it."
        case .stateStoreLost(let reason):
            code = "state-store-lost"
            explanation = "Persistence disabled: \(reason)"
        case .recordingStopped(let reason):
            code = "recording-stopped"
            explanation = "Recording stopped: \(reason)"
        case .tuned(let level, let scope, let policy, let effectivePolicy):
            kind = .tune
            code = policy == nil ? "unset" : "set"
            let scopeName: String
            switch scope {
            case .everyone: scopeName = "all nodes"
            case .group(let name): (scopeName, group) = ("group \(name)", name)
            case .node(let identity): (scopeName, group, node) = ("\(identity)", identity.group, identity.name)
            }
            explanation =
                policy.map { "Policy of level \(level) for \(scopeName) set to \($0)." }
                ?? "Override of level \(level) for \(scopeName) removed; the effective policy is "
                + "\(effectivePolicy.policy) (\(effectivePolicy.origin))."
        case .holdReleased(let group):
            (kind, self.group) = (.hold, group)
            code = HoldChange.Phase.released.rawValue
            let scope = group.map { "group \($0)" } ?? "all groups"
            explanation = "Hold for \(scope) released: the detector restarted, and its nodes get time to reconnect."
        case .reloaded(let what):
            code = "reloaded"
            explanation = "Configuration reloaded: \(what)"
        }
    }
}
