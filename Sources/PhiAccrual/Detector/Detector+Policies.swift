// Policies of groups and single nodes, and their change while nodes are watched.

extension Detector {
    /// Replaces the policies. Open deadlines move at once, and verdicts with them: a node whose silence exceeds its new
    /// timeout is suspected at the next step; a suspected node whose silence does not is trusted again.
    ///
    /// - Precondition: The table has the same levels by name, no policy that the model refuses, and is not too large.
    /// - Complexity: Linear in the number of nodes.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public mutating func apply(_ policies: PolicyTable, at now: Instant, into events: inout [Event]) {
        precondition(policies.levels.map(\.name) == levels.map(\.name), "a detector keeps its levels")
        let (before, thresholdsBefore) = (plans.effectivePolicies, thresholds)
        plans = PolicyInterner(policies: policies)
        let plansOfNodes = nodes.slots.map { plans.number(for: nodes.coldStates[$0].identity) }
        thresholds = LevelTable(levels: levelCount)
        addThresholds()
        for slot in nodes.slots {
            let old = Int(nodes[slot].plan)
            nodes[slot].plan = plansOfNodes[slot]
            guard nodes.isInUse(slot) else { continue }
            let changes = levels.indices.filter { before[old][$0].policy != effectivePolicy(slot, $0).policy }.map {
                level in
                let threshold = thresholdsBefore[old, level]
                let timeout = nodes.models[slot].timeout(until: threshold, in: nodes[slot, level])
                return PolicyChange(level: level, timeoutBefore: timeout)
            }
            if !changes.isEmpty { apply(changes, slot, at: now, into: &events) }
        }
    }

    func effectivePolicy(_ slot: Int, _ level: Int) -> PolicyTable.EffectivePolicy {
        plans.effectivePolicies[Int(nodes[slot].plan)][level]
    }
    @inline(__always) func threshold(_ slot: Int, _ level: Int) -> Model.Threshold {
        thresholds[Int(nodes[slot].plan), level]
    }

    /// Computes the thresholds of plans that no node had before.
    mutating func addThresholds() {
        for plan in plans.effectivePolicies[thresholds.rowCount...] {
            thresholds.appendRow { Model.threshold(for: plan[$0].policy) }
        }
    }

    /// Applies the new policies of some levels of a node.
    private mutating func apply(_ changes: [PolicyChange], _ slot: Int, at now: Instant, into events: inout [Event]) {
        for change in changes {
            nodes[slot, change.level] = Model.levelState(of: threshold(slot, change.level))
        }
        updateLevels(slot, after: nil)
        let before = nodes[slot].state
        guard before.isWatched else { return }
        let silence = max(0, now.nanoseconds.subtractingSaturated(nodes[slot].lastArrival))
        for change in changes {
            let deadline = schedule[slot, change.level]
            guard let timeout = timeout(slot, change.level) else {
                // If the node was not heard since it was restored or expected, its deadline does not come from the
                // policy.
                if change.timeoutBefore != nil { schedule.set(slot, change.level, to: DeadlineSchedule.none) }
                continue
            }
            // The new deadline keeps what exempt times added to the old one.
            let grace = change.timeoutBefore.map {
                max(0, deadline.subtractingSaturated(nodes[slot].lastArrival).subtractingSaturated($0))
            }
            let due = nodes[slot].lastArrival.addingSaturated(timeout)
                .addingSaturated(deadline == DeadlineSchedule.none ? 0 : grace ?? 0)
            // A deadline in the past takes effect now: no event lies in the past.
            schedule.set(slot, change.level, to: max(due, now.nanoseconds))
            if due > now.nanoseconds { nodes[slot].state.clearSuspicion(atLevel: change.level) }
        }
        rearm(slot)
        var evidence = evidence(slot, silence: silence, ownLate: 0)
        evidence.isByPolicy = true
        emitTransitions(slot, at: now, from: before, evidence: evidence, into: &events)
    }
}

private struct PolicyChange {
    var level: Int
    /// The level's timeout before the change, in nanoseconds.
    var timeoutBefore: Int64?
}

/// Numbers the distinct sets of effective policies ("plans") that nodes have.
struct PolicyInterner: Sendable {
    let policies: PolicyTable
    /// Per plan and level. Plan 0 is for nodes whose name is unknown.
    private(set) var effectivePolicies: [[PolicyTable.EffectivePolicy]] = []
    private var numbers: [[PolicyTable.EffectivePolicy]: UInt16] = [:]

    init(policies: PolicyTable) {
        precondition(!policies.isTooLarge, "too many overrides")
        self.policies = policies
        _ = number(for: nil)
    }

    mutating func number(for identity: NodeIdentity?) -> UInt16 {
        if policies.isUniform, !effectivePolicies.isEmpty { return 0 }
        let plan = policies.levels.indices.map { policies.effectivePolicy(identity, level: $0) }
        if let known = numbers[plan] { return known }
        let number = UInt16(effectivePolicies.count)
        effectivePolicies.append(plan)
        numbers[plan] = number
        return number
    }
}
