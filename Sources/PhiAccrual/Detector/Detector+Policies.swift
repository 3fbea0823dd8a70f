// Policies of groups and single nodes, and their change while nodes are watched.

extension Detector {
    /// Has other policies hold from now on. Open deadlines move at once, and verdicts with them: who was silent for longer
    /// than is now allowed is suspected at the next step, who for less is trusted again.
    ///
    /// - Precondition: The book has the same levels by name, no policy that the model refuses, and is not too large.
    /// - Complexity: Linear in the number of nodes.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public mutating func govern(by book: PolicyBook, at now: Instant, into events: inout [Event]) {
        precondition(book.levels.map(\.name) == levels.map(\.name), "a detector keeps its levels")
        let (before, thresholdsBefore) = (plans.rulings, thresholds)
        plans = PlanTable(book: book)
        let plansOfNodes = details.map { plans.number(for: $0.identity) }
        thresholds = plans.rulings.joined().map { Model.threshold(for: $0.policy) }
        for slot in nodes.indices {
            let old = Int(nodes[slot].plan)
            nodes[slot].plan = plansOfNodes[slot]
            guard isInUse(slot) else { continue }
            let changes = levels.indices.filter { before[old][$0].policy != ruling(slot, $0).policy }.map { level in
                let threshold = thresholdsBefore[old * levelCount + level]
                let wait = models[slot].wait(until: threshold, in: pursuits[slot * levelCount + level])
                return PolicyChange(level: level, waitBefore: wait)
            }
            if !changes.isEmpty { follow(changes, slot, at: now, into: &events) }
        }
    }

    func ruling(_ slot: Int, _ level: Int) -> PolicyBook.Ruling { plans.rulings[Int(nodes[slot].plan)][level] }
    @inline(__always) func threshold(_ slot: Int, _ level: Int) -> Model.Threshold {
        thresholds[Int(nodes[slot].plan) * levelCount + level]
    }

    /// Some levels of a node have other policies now.
    private mutating func follow(_ changes: [PolicyChange], _ slot: Int, at now: Instant, into events: inout [Event]) {
        for change in changes {
            pursuits[slot * levelCount + change.level] = Model.pursuit(of: threshold(slot, change.level))
        }
        pursue(slot, after: nil)
        let before = nodes[slot].standing
        guard before.isWatched else { return }
        let silence = max(0, now.nanoseconds.subtractingSaturated(nodes[slot].lastArrival))
        for change in changes {
            let number = slot * levelCount + change.level
            guard let wait = wait(slot, change.level) else {
                // Of one never heard since it was recalled, or expected, the deadline is not the policy's.
                if change.waitBefore != nil { deadlines[number] = .max }
                continue
            }
            // What was added to the deadline for times that are held against nobody stays added.
            let respite = change.waitBefore.map {
                max(0, deadlines[number].subtractingSaturated(nodes[slot].lastArrival).subtractingSaturated($0))
            }
            let due = nodes[slot].lastArrival.addingSaturated(wait)
                .addingSaturated(deadlines[number] == .max ? 0 : respite ?? 0)
            // What is due since before is due now: nothing is told of the past.
            deadlines[number] = max(due, now.nanoseconds)
            if due > now.nanoseconds { nodes[slot].standing.clearSuspicion(atLevel: change.level) }
        }
        rearm(slot)
        var evidence = evidence(slot, silence: silence, ownLate: 0)
        evidence.isByPolicy = true
        announce(slot, at: now, from: before, evidence: evidence, into: &events)
    }
}

private struct PolicyChange {
    var level: Int
    /// After which silence the level suspected so far, in nanoseconds.
    var waitBefore: Int64?
}

/// The different sets of policies that nodes are under.
struct PlanTable: Sendable {
    let book: PolicyBook
    /// Per plan and level. The first is that of nodes of no group.
    private(set) var rulings: [[PolicyBook.Ruling]] = []
    private var numbers: [[PolicyBook.Ruling]: UInt16] = [:]

    init(book: PolicyBook) {
        precondition(!book.isTooLarge, "a node's plan is a number of two bytes")
        self.book = book
        _ = number(for: nil)
    }

    /// The number of a node's plan.
    mutating func number(for identity: NodeIdentity?) -> UInt16 {
        if book.isUniform, !rulings.isEmpty { return 0 }
        let plan = book.levels.indices.map { book.ruling(identity, level: $0) }
        if let known = numbers[plan] { return known }
        let number = UInt16(rulings.count)
        rulings.append(plan)
        numbers[plan] = number
        return number
    }
}
