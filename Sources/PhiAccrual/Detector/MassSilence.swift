/// How many of the nodes that were sampled at one instant are overdue, heard, or neither.
struct SilenceSample: Hashable, Sendable {
    var overdue: [ActiveHolds.SampledNode] = []
    /// Nodes heard since the candidate's heartbeat was expected.
    var heard = 0
    /// Nodes that are neither overdue nor heard.
    var waiting = 0
    /// The latest arrival from an overdue node.
    var silentSince = Int64.min

    /// Whether enough nodes said something.
    var isComplete: Bool { overdue.count + heard >= HoldRule.sampleSize }

    func isMassSilence(under rule: HoldRule) -> Bool {
        overdue.count - heard >= rule.minExcess
            && Double(overdue.count) >= rule.share * Double(overdue.count + heard)
    }
    /// Whether no sampled node was heard, while enough are overdue or may become so.
    func mayBecomeMassSilence(under rule: HoldRule) -> Bool {
        heard == 0 && overdue.count + waiting >= rule.minExcess
    }
}

/// Whether one node's silence is its own, or one of many. The rules of mass silence, and nothing else.
enum SilenceVerdict: Hashable, Sendable {
    /// The node's own silence: suspect it.
    case single
    /// No node of the scope was heard since the candidate's heartbeat was expected, but other nodes were not due yet.
    case undecided(ActiveHolds.Scope)
    case massSilence(ActiveHolds.Scope, SilenceSample)

    /// For a candidate of no group.
    ///
    /// - Parameters:
    ///   - all: A sample of all nodes.
    ///   - isAnyHeard: Whether any node was heard since the candidate's heartbeat was expected.
    init(all: SilenceSample, isAnyHeard: Bool, under rule: HoldRule) {
        if all.isMassSilence(under: rule) {
            self = .massSilence(nil, all)
        } else {
            self = !isAnyHeard && all.mayBecomeMassSilence(under: rule) ? .undecided(nil) : .single
        }
    }

    /// For a candidate of a group.
    ///
    /// - Parameters:
    ///   - own: A sample of the candidate's group.
    ///   - others: A sample of the nodes of all other groups.
    ///   - isGroupHeard: Whether any node of the group was heard since the candidate's heartbeat was expected.
    ///   - isAnyHeard: The same for all nodes.
    init(
        own: SilenceSample, of group: UInt16, others: SilenceSample, isGroupHeard: Bool, isAnyHeard: Bool,
        under rule: HoldRule
    ) {
        if others.isMassSilence(under: rule) {
            self = .massSilence(nil, others)
        } else if own.isMassSilence(under: rule) {
            self = .massSilence(group, own)
        } else if !isGroupHeard, own.mayBecomeMassSilence(under: rule) {
            self = .undecided(group)
        } else {
            self = !isAnyHeard && others.mayBecomeMassSilence(under: rule) ? .undecided(nil) : .single
        }
    }
}
