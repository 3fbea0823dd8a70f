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
    /// The configuration was read again.
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
                "The detector was stopped or starved for \(Explanation.formatted(time.nanoseconds)): "
                + "that time is held against nobody."
        case .observed(.overloaded):
            code = "overloaded"
            explanation =
                "Heartbeats come faster than the detector can take them in: nobody is suspected before all that came was read."
        case .observed(.caughtUp(let time)):
            code = "caught-up"
            explanation =
                "Heartbeats are taken in as they come again. The detector was overloaded for "
                + "\(Explanation.formatted(time.nanoseconds))."
        case .observed(.machineSuspended(let time)):
            code = "suspended"
            explanation =
                "The detector's machine was suspended for \(Explanation.formatted(time.nanoseconds)): "
                + "that time is held against nobody."
        case .observed(.clockStepped(let time)):
            code = "clock-step"
            let way = time < .zero ? "back" : "forward"
            explanation =
                "The detector's civil time was set \(way) by "
                + "\(Explanation.formatted(abs(time.nanoseconds))). Verdicts do not depend on it."
        case .stateStoreLost(let reason):
            code = "state-store-lost"
            explanation = "Events and what was learned are remembered no longer: \(reason)"
        case .recordingStopped(let reason):
            code = "recording-stopped"
            explanation = "What the detector is told is recorded no longer: \(reason)"
        case .tuned(let level, let scope, let policy, let effectivePolicy):
            kind = .tune
            code = policy == nil ? "unset" : "set"
            let scopeName: String
            switch scope {
            case .everyone: scopeName = "everyone"
            case .group(let name): (scopeName, group) = ("group \(name)", name)
            case .node(let identity): (scopeName, group, node) = ("\(identity)", identity.group, identity.name)
            }
            explanation =
                policy.map { "Level \(level) of \(scopeName) was set to \($0)." }
                ?? "What was tuned of level \(level) for \(scopeName) was taken back: \(effectivePolicy.policy) (\(effectivePolicy.origin)) holds."
        case .holdReleased(let group):
            (kind, self.group) = (.hold, group)
            code = HoldChange.Phase.released.rawValue
            explanation =
                "The detector was restarted: the nodes of \(group.map { "group \($0)" } ?? "all groups") have their time "
                + "to be heard again, and suspicions are held back no longer."
        case .reloaded(let what):
            code = "reloaded"
            explanation = "The configuration was read again. \(what)"
        }
    }
}
