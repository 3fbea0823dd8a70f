// Processing of heartbeats.

extension Detector {
    mutating func apply(_ heartbeat: Heartbeat, at now: Instant, into events: inout [Event]) -> HeartbeatOutcome {
        let slot: Int
        if let known = nodes.slot(of: heartbeat.key) {
            slot = known
        } else {
            if heartbeat.isLeaving { return .unknownGoodbye }
            guard let added = addNode(heartbeat.key) else { return .tooManyNodes }
            slot = added
        }
        let interval = nodes.models[slot].expectedGap ?? heartbeat.announcedInterval
        let order = nodes[slot].order(heartbeat, expectedInterval: interval)
        guard order != .fresh else {
            if nodes[slot].flags.contains(.contended) { nodes.coldStates[slot].contender?.observeAccepted() }
            if hasBacklog, nodes[slot].coalesce(heartbeat, at: now.nanoseconds) {
                guard !nodes[slot].flags.contains(.coalesced) else { return .coalesced }
                nodes[slot].flags.insert(.coalesced)
                // The first of the coalesced heartbeats may have been late, and the newest may not: the schedule
                // restarts at the newest.
                nodes.models[slot].begin(announcedInterval: heartbeat.announcedInterval)
                updateLevels(slot, after: nil)
                setDeadlines(slot)
                return .coalesced
            }
            accept(heartbeat, slot, at: now, into: &events)
            return .fresh
        }
        nodes.coldStates[slot].discarded += 1
        return observeContender(heartbeat, order, slot, interval, at: now, into: &events) ? .fresh : order
    }

    /// Observes the sender of a heartbeat that would be discarded. Returns true if that sender takes over.
    private mutating func observeContender(
        _ heartbeat: Heartbeat, _ order: HeartbeatOutcome, _ slot: Int, _ interval: Int64, at now: Instant,
        into events: inout [Event]
    ) -> Bool {
        guard order != .duplicate else { return false }
        var contender = nodes.coldStates[slot].contender ?? ContendingSender(heartbeat)
        if nodes.coldStates[slot].contender != nil {
            contender.observe(heartbeat, plausibleJump: WatchedNode.plausibleJump(expectedInterval: interval))
        }
        nodes.coldStates[slot].contender = contender
        nodes[slot].flags.insert(.contended)
        if contender.turns >= WatchedNode.requiredConfirmations { emit(.duplicateNode, slot, at: now, into: &events) }
        guard contender.inOrder >= WatchedNode.requiredConfirmations,
            order == .implausibleJump || nodes[slot].state.mayBeTakenOver
        else { return false }
        accept(heartbeat, slot, at: now, isTakeover: true, into: &events)
        nodes.coldStates[slot].emitted.remove(.takeover)  // every takeover is reported
        emit(.takeover, slot, at: now, into: &events)
        return true
    }

    private mutating func accept(
        _ heartbeat: Heartbeat, _ slot: Int, at now: Instant, isTakeover: Bool = false, into events: inout [Event]
    ) {
        var node = nodes[slot]
        let before = node.state
        let isFirst = before.phase == .new
        let silence =
            isFirst && !before.isSuspectedAnywhere
            ? 0 : max(0, now.nanoseconds.subtractingSaturated(node.lastArrival))
        // Computed before the model learns the gap. Most heartbeats change no verdict and emit nothing.
        var evidence = before.isTrusted && !heartbeat.isLeaving ? nil : evidence(slot, silence: silence, ownLate: 0)
        if isFirst || isTakeover || heartbeat.incarnation != node.incarnation || before.phase == .left {
            begin(heartbeat, slot, &node)
        } else {
            learn(heartbeat, slot, &node, silence: silence)
            emitBudgetChanges(slot, &node, at: now, into: &events)
        }
        record(heartbeat, slot, &node, at: now)
        renewDeadlines(slot, &node, isLeaving: heartbeat.isLeaving, at: now, &evidence)
        nodes[slot] = node
        rearm(slot)
        evidence?.missing = node.missing
        evidence?.senderLate = node.senderLate
        evidence?.samples = nodes.models[slot].samples
        if let evidence { emitTransitions(slot, at: now, from: before, evidence: evidence, into: &events) }
    }

    // These are parts of `accept`, and inlined into it: a call for each heartbeat would copy the node.

    /// A sender's first heartbeat. The time between a goodbye, or another sender, and this one is no gap.
    @inline(__always) private mutating func begin(_ heartbeat: Heartbeat, _ slot: Int, _ node: inout WatchedNode) {
        nodes.models[slot].begin(announcedInterval: heartbeat.announcedInterval)
        updateLevels(slot, after: nil)
        node.missing = 0
        node.senderLate = nil
        nodes.coldStates[slot].contender = nil
        node.flags.remove(.contended)
        nodes.coldStates[slot].emitted.remove(.duplicateNode)
    }

    /// The model learns the gap that this heartbeat ends, unless part of it was not the node's silence.
    @inline(__always) private mutating func learn(
        _ heartbeat: Heartbeat, _ slot: Int, _ node: inout WatchedNode, silence: Int64
    ) {
        let step = node.sequence.distance(toNewer: heartbeat.sequence)
        node.missing += step - 1
        node.senderLate = Self.senderLateness(
            heartbeat, after: node, step: step, expected: nodes.models[slot].expectedGap)
        if isExempt(node, silence: silence) {
            nodes.models[slot].begin(announcedInterval: heartbeat.announcedInterval)
            updateLevels(slot, after: nil)
        } else {
            let arrival = Arrival(gap: silence, step: step)
            nodes.observe(arrival, slot)
            updateLevels(slot, after: arrival)
        }
    }

    /// The node's newest heartbeat is this one.
    @inline(__always) private mutating func record(
        _ heartbeat: Heartbeat, _ slot: Int, _ node: inout WatchedNode, at now: Instant
    ) {
        node.lastArrival = now.nanoseconds
        node.lastSent = heartbeat.sent
        node.incarnation = heartbeat.incarnation
        node.sequence = heartbeat.sequence
        if node.flags.contains(.exempt) { nodes.coldStates[slot].silentSince = nil }
        if !node.flags.isEmpty { node.flags.subtract([.exempt, .undecided, .coalesced]) }
        nodes.noteArrival(in: node.group, at: now.nanoseconds)
        if !holds.active.isEmpty { holds.recheckSoon(at: now.nanoseconds) }
        if heartbeat.isLeaving {
            node.state.leave()
        } else {
            if node.confirmations < WatchedNode.requiredConfirmations { node.confirmations += 1 }
            node.state.phase = node.confirmations < WatchedNode.requiredConfirmations ? .learning : .trusted
        }
    }

    /// Each level gets its next deadline, and a level that suspected the node may trust it again.
    @inline(__always) private mutating func renewDeadlines(
        _ slot: Int, _ node: inout WatchedNode, isLeaving: Bool, at now: Instant, _ evidence: inout Evidence?
    ) {
        for level in 0..<levelCount {
            let timeout = isLeaving ? nil : timeout(slot, level)
            let isInTime = now.nanoseconds <= schedule[slot, level]
            schedule.set(slot, level, timeout, after: now.nanoseconds)
            guard node.state.isSuspected(atLevel: level) else { continue }
            // An arrival whose own new deadline has passed already leaves suspicion as it was.
            if timeout.map({ $0 >= 0 }) ?? true, mayTrust(slot, level, at: now.nanoseconds, isInTime: isInTime) {
                node.state.clearSuspicion(atLevel: level)
                evidence?.inRow =
                    nodes.coldStates[slot].recoveries.isEmpty
                    ? nil : Int(nodes.coldStates[slot].recoveries[level].heard)
            }
        }
    }

    /// Whether the silence between two heartbeats had another cause than the node, so that it must not be learned.
    @inline(__always) private func isExempt(_ node: WatchedNode, silence: Int64) -> Bool {
        if node.flags.contains(.exempt) || node.flags.contains(.paused) { return true }
        if node.lastArrival < suspendedUntil, suspendedUntil.subtractingSaturated(suspendedSince) > silence / 10 {
            return true
        }
        return !holds.hasNoHolds(since: node.lastArrival) && holds.publishedSince(for: node) != nil
    }

    /// Whether a heartbeat ends a level's suspicion.
    private mutating func mayTrust(_ slot: Int, _ level: Int, at now: Int64, isInTime: Bool) -> Bool {
        let rule = configuration.recovery
        guard !rule.isImmediate, level < nodes.coldStates[slot].recoveries.count else { return true }
        let mayTrust = nodes.coldStates[slot].recoveries[level].heard(at: now, inTime: isInTime, under: rule)
        if mayTrust { nodes.coldStates[slot].emitted.remove(.flapping) }
        return mayTrust
    }

    mutating func updateLevels(_ slot: Int, after arrival: Arrival?) {
        nodes.updateLevels(slot, under: &thresholds, after: arrival, timestampUncertainty: timestampUncertainty)
    }

    @inline(__always) func timeout(_ slot: Int, _ level: Int) -> Int64? {
        nodes.models[slot].timeout(until: threshold(slot, level), in: nodes[slot, level])
    }

    /// How much longer than expected the sender took for `step` heartbeats, by its own clock.
    private static func senderLateness(
        _ heartbeat: Heartbeat, after node: WatchedNode, step: Int64, expected: Int64?
    ) -> Int64? {
        guard let sent = heartbeat.sent, let lastSent = node.lastSent, let expected else { return nil }
        let (due, overflow) = expected.multipliedReportingOverflow(by: step)
        return overflow ? nil : sent.subtractingSaturated(lastSent).subtractingSaturated(due)
    }
}
