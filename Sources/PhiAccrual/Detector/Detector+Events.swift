// Emission of events.

extension Detector {
    func evidence(_ slot: Int, silence: Int64, ownLate: Int64) -> Evidence {
        let node = nodes[slot]
        return Evidence(
            phi: nodes.models[slot].phi(after: silence), silence: silence, expected: nodes.models[slot].expectedGap,
            timeout: nil, missing: node.missing, senderLate: node.senderLate, ownLate: ownLate,
            samples: nodes.models[slot].samples,
            disconnected: disconnectedAt(slot).map {
                max(0, node.lastArrival.addingSaturated(silence).subtractingSaturated($0))
            })
    }

    /// When the connection closed; nil if a heartbeat arrived since, because another connection may have replaced it.
    func disconnectedAt(_ slot: Int) -> Int64? {
        nodes.coldStates[slot].disconnectedAt.flatMap { $0 >= nodes[slot].lastArrival ? $0 : nil }
    }

    /// Emits a transition for each level whose verdict has changed since `before`.
    mutating func emitTransitions(
        _ slot: Int, at now: Instant, from before: NodeState, evidence given: Evidence? = nil,
        into events: inout [Event]
    ) {
        let after = nodes[slot].state
        guard after != before else { return }
        let silence = max(0, now.nanoseconds.subtractingSaturated(nodes[slot].lastArrival))
        let evidence = given ?? self.evidence(slot, silence: silence, ownLate: 0)
        for level in 0..<levelCount {
            let (from, to) = (before.verdict(atLevel: level), after.verdict(atLevel: level))
            if from != to { transition(slot, level, from: from, to: to, now, evidence, &events) }
        }
    }

    mutating func transition(
        _ slot: Int, _ level: Int, from: Verdict, to: Verdict, _ now: Instant, _ evidence: Evidence,
        _ events: inout [Event]
    ) {
        guard let identity = nodes.coldStates[slot].identity else {
            emit(.unnamed, slot, at: now, into: &events)
            return
        }
        var evidence = evidence
        evidence.timeout = timeout(slot, level)
        events.append(
            .transition(
                Transition(
                    node: identity, incarnation: nodes[slot].incarnation, level: level,
                    effectivePolicy: effectivePolicy(slot, level),
                    from: from, to: to, at: now, evidence: evidence)))
    }

    /// Emits a notice for each level whose budget became infeasible, or feasible again.
    mutating func emitBudgetChanges(_ slot: Int, _ node: inout WatchedNode, at now: Instant, into events: inout [Event])
    {
        for level in 0..<levelCount {
            let levelState = nodes[slot, level]
            let shortfall = nodes.models[slot].shortfall(of: threshold(slot, level), in: levelState)
            let bit: UInt8 = 1 << UInt8(level)
            guard (shortfall != nil) != (node.infeasibleLevels & bit != 0) else { continue }
            node.infeasibleLevels ^= bit
            events.append(
                .notice(
                    Notice(
                        code: shortfall == nil ? .budgetFeasible : .budgetInfeasible, key: NodeKey(rawValue: node.key),
                        node: nodes.coldStates[slot].identity, incarnation: node.incarnation, at: now, level: level,
                        effectivePolicy: effectivePolicy(slot, level), shortfall: shortfall)))
        }
    }

    /// Emits a notice, unless the node has an open notice with the same code.
    mutating func emit(_ code: Notice.Code, _ slot: Int, at now: Instant, into events: inout [Event]) {
        guard nodes.coldStates[slot].emitted.insert(code).inserted else { return }
        events.append(.notice(notice(code, slot, at: now)))
    }

    /// Emits a notice about a pause, even if the same notice was emitted before.
    func emit(_ code: Notice.Code, _ pause: Pause, _ slot: Int, at now: Instant, into events: inout [Event]) {
        var notice = notice(code, slot, at: now)
        notice.pause = pause
        events.append(.notice(notice))
    }

    private func notice(_ code: Notice.Code, _ slot: Int, at now: Instant) -> Notice {
        Notice(
            code: code, key: NodeKey(rawValue: nodes[slot].key), node: nodes.coldStates[slot].identity,
            incarnation: nodes[slot].incarnation, at: now)
    }
}
