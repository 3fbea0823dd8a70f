import PhiAccrual

/// What a service has to tell of itself: no node is the cause of it.
public enum ServiceNotice: Hashable, Sendable {
    /// It was stopped or starved for so long, and holds that time against nobody.
    case stopped(Duration)
    /// Heartbeats come faster than it can take them in; nobody is suspected before all that came was read.
    case overloaded
    /// It takes them in as they come again, and did not for so long.
    case caughtUp(Duration)
    /// The machine that it runs on was suspended.
    case suspended(Duration)
    /// Civil time was set. Verdicts do not depend on it, but times of events do.
    case clockStep(Duration)
    /// Events and what was learned are no longer remembered.
    case stateStoreLost(String)
    /// Inputs are no longer recorded.
    case recordingStopped(String)
    /// A policy was set, or taken back if it is nil, while the service runs.
    case tuned(level: String, scope: PolicyScope, Policy?, holding: PolicyTable.EffectivePolicy)
    /// The configuration was read again.
    case reloaded(String)

    /// A hold of a group, or of all, was under way when the service ended.
    case holdOver(group: String?)

    /// How long what it tells of was, or how far the clock was set.
    fileprivate var time: Duration? {
        switch self {
        case .stopped(let time), .caughtUp(let time), .suspended(let time), .clockStep(let time): time
        default: nil
        }
    }

    /// Whom it concerns.
    var scope: PolicyScope {
        switch self {
        case .tuned(_, let scope, _, _): scope
        case .holdOver(let group?): .group(group)
        default: .everyone
        }
    }
}

extension NoticeMessage {
    public init(_ notice: ServiceNotice, at place: EventPosition) {
        (kind, self.place, group, node, key) = (.notice, place, nil, nil, nil)
        numbers = notice.time.map { ["seconds": $0.nanoseconds.seconds] } ?? [:]
        switch notice {
        case .stopped(let time):
            code = "stopped"
            explanation =
                "The detector was stopped or starved for \(Explanation.formatted(time.nanoseconds)): "
                + "that time is held against nobody."
        case .overloaded:
            code = "overloaded"
            explanation =
                "Heartbeats come faster than the detector can take them in: nobody is suspected before all that came was read."
        case .caughtUp(let time):
            code = "caught-up"
            explanation =
                "Heartbeats are taken in as they come again. The detector was overloaded for "
                + "\(Explanation.formatted(time.nanoseconds))."
        case .suspended(let time):
            code = "suspended"
            explanation =
                "The detector's machine was suspended for \(Explanation.formatted(time.nanoseconds)): "
                + "that time is held against nobody."
        case .clockStep(let time):
            code = "clock-step"
            let way = time < .zero ? "back" : "forward"
            explanation =
                "The detector's civil time was set \(way) by "
                + "\(Explanation.formatted(abs(time.nanoseconds))). Verdicts do not depend on it."
        case .stateStoreLost(let reason):
            code = "memory-lost"
            explanation = "Events and what was learned are remembered no longer: \(reason)"
        case .recordingStopped(let reason):
            code = "recording-stopped"
            explanation = "What the detector is told is recorded no longer: \(reason)"
        case .tuned(let level, let scope, let policy, let holding):
            kind = .tune
            code = policy == nil ? "unset" : "set"
            let whom: String
            switch scope {
            case .everyone: whom = "everyone"
            case .group(let name): (whom, group) = ("group \(name)", name)
            case .node(let identity): (whom, group, node) = ("\(identity)", identity.group, identity.name)
            }
            explanation =
                policy.map { "Level \(level) of \(whom) was set to \($0)." }
                ?? "What was tuned of level \(level) for \(whom) was taken back: \(holding.policy) (\(holding.origin)) holds."
        case .holdOver(let group):
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
