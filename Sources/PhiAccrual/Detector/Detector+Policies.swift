// Policies of groups and single nodes, and their change while nodes are watched.

extension Detector {
    /// Has other policies hold from now on. Open deadlines move at once, and verdicts with them: who was silent for longer
    /// than is now allowed is suspected at the next step, who for less is trusted again.
    ///
    /// - Precondition: The book has the same levels by name, no policy that the model refuses, and is not too large.
    /// - Complexity: Linear in the number of nodes.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public mutating func apply(_ policies: PolicyTable, at now: Instant, into events: inout [Event]) {
        precondition(policies.levels.map(\.name) == levels.map(\.name), "a detector keeps its levels")
        let (before, thresholdsBefore) = (plans.effectivePolicies, thresholds)
        plans = PolicyInterner(policies: policies)
        let plansOfNodes = coldStates.map { plans.number(for: $0.identity) }
        thresholds = plans.effectivePolicies.joined().map { Model.threshold(for: $0.policy) }
        for slot in nodes.indices {
            let old = Int(nodes[slot].plan)
            nodes[slot].plan = plansOfNodes[slot]
            guard isInUse(slot) else { continue }
            let changes = levels.indices.filter { before[old][$0].policy != effectivePolicy(slot, $0).policy }.map {
                level in
                let threshold = thresholdsBefore[old * levelCount + level]
                let timeout = models[slot].timeout(until: threshold, in: levelStates[slot * levelCount + level])
                return PolicyChange(level: level, timeoutBefore: timeout)
            }
            if !changes.isEmpty { apply(changes, slot, at: now, into: &events) }
        }
    }

    func effectivePolicy(_ slot: Int, _ level: Int) -> PolicyTable.EffectivePolicy {
        plans.effectivePolicies[Int(nodes[slot].plan)][level]
    }
    @inline(__always) func threshold(_ slot: Int, _ level: Int) -> Model.Threshold {
        thresholds[Int(nodes[slot].plan) * levelCount + level]
    }

    /// Some levels of a node have other policies now.
    private mutating func apply(_ changes: [PolicyChange], _ slot: Int, at now: Instant, into events: inout [Event]) {
        for change in changes {
            levelStates[slot * levelCount + change.level] = Model.levelState(of: threshold(slot, change.level))
        }
        updateLevels(slot, after: nil)
        let before = nodes[slot].state
        guard before.isWatched else { return }
        let silence = max(0, now.nanoseconds.subtractingSaturated(nodes[slot].lastArrival))
        for change in changes {
            let number = slot * levelCount + change.level
            guard let timeout = timeout(slot, change.level) else {
                // Of one never heard since it was recalled, or expected, the deadline is not the policy's.
                if change.timeoutBefore != nil { deadlines[number] = .max }
                continue
            }
            // What was added to the deadline for times that are held against nobody stays added.
            let grace = change.timeoutBefore.map {
                max(0, deadlines[number].subtractingSaturated(nodes[slot].lastArrival).subtractingSaturated($0))
            }
            let due = nodes[slot].lastArrival.addingSaturated(timeout)
                .addingSaturated(deadlines[number] == .max ? 0 : grace ?? 0)
            // What is due since before is due now: nothing is told of the past.
            deadlines[number] = max(due, now.nanoseconds)
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
    /// After which silence the level suspected so far, in nanoseconds.
    var timeoutBefore: Int64?
}

/// The different sets of policies that nodes are under.
struct PolicyInterner: Sendable {
    let policies: PolicyTable
    /// Per plan and level. The first is that of nodes of no group.
    private(set) var effectivePolicies: [[PolicyTable.EffectivePolicy]] = []
    private var numbers: [[PolicyTable.EffectivePolicy]: UInt16] = [:]

    init(policies: PolicyTable) {
        precondition(!policies.isTooLarge, "a node's plan is a number of two bytes")
        self.policies = policies
        _ = number(for: nil)
    }

    /// The number of a node's plan.
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
