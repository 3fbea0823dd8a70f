// Deadlines: how silence leads to suspicion, to the end of a pause, and to retention.

extension Detector {
    /// Handles the instant at which the state of a silent node changes.
    mutating func handleDeadline(_ due: Instant, _ slot: Int, actingAt now: Instant, into events: inout [Event]) {
        stepCount &+= 1
        if nodes[slot].flags.contains(.paused) {
            guard let pause = nodes.coldStates[slot].pause, due >= pause.until else {
                rearm(slot)
                return
            }
            end(pause, slot, at: due, into: &events)
        }
        if due.nanoseconds >= endOfRetention(slot) {
            forget(slot, at: due, ownLate: now.nanoseconds.subtractingSaturated(due.nanoseconds), into: &events)
            return
        }
        checkMassSilence(of: slot, at: due.nanoseconds, into: &events)
        let before = nodes[slot].state
        for level in 0..<levelCount where suspicionInstant(slot, level) <= due.nanoseconds {
            nodes[slot].state.suspect(atLevel: level)
            if !configuration.recovery.isImmediate { noteSuspicion(slot, level, at: due, into: &events) }
        }
        rearm(slot)
        let silence = due.nanoseconds.subtractingSaturated(nodes[slot].lastArrival)
        let ownLate = now.nanoseconds.subtractingSaturated(due.nanoseconds)
        emitTransitions(
            slot, at: due, from: before, evidence: evidence(slot, silence: silence, ownLate: ownLate), into: &events)
    }

    private mutating func noteSuspicion(_ slot: Int, _ level: Int, at now: Instant, into events: inout [Event]) {
        let rule = configuration.recovery
        if nodes.coldStates[slot].recoveries.isEmpty {
            nodes.coldStates[slot].recoveries = Array(repeating: Recovery(), count: levelCount)
        }
        nodes.coldStates[slot].recoveries[level].suspected(at: now.nanoseconds, under: rule)
        if nodes.coldStates[slot].recoveries[level].isDamped(at: now.nanoseconds, under: rule) {
            emit(.flapping, slot, at: now, into: &events)
        }
    }

    /// When a level that does not suspect the node yet will suspect it: at its deadline, but not before the arrival
    /// that set the deadline, and not while a hold covers the node. `.max`: never.
    @inline(__always) private func suspicionInstant(_ slot: Int, _ level: Int) -> Int64 {
        guard !nodes[slot].state.isSuspected(atLevel: level) else { return .max }
        let deadline = schedule[slot, level]
        guard deadline != DeadlineSchedule.none else { return .max }
        let instant = max(deadline, nodes[slot].lastArrival)
        return holds.hasNoHolds(since: nodes[slot].lastArrival) ? instant : max(instant, holds.heldUntil(nodes[slot]))
    }

    @inline(__always) private func endOfRetention(_ slot: Int) -> Int64 {
        // A node that is only expected, and not overdue, has not become silent.
        guard let retention = configuration.retention, !nodes[slot].flags.contains(.kept),
            nodes[slot].state != NodeState()
        else { return .max }
        // The silence starts at another instant than the last arrival only for an exempt node.
        let since = nodes[slot].flags.contains(.exempt) ? nodes.coldStates[slot].silentSince : nil
        return (since ?? nodes[slot].lastArrival).addingSaturated(retention)
    }

    /// Schedules the node's next instant in the timing wheel.
    @inline(__always) mutating func rearm(_ slot: Int) { schedule.schedule(slot, at: nextInstant(of: slot)) }

    /// When the state of the node changes next if it stays silent; `.max`: never.
    @inline(__always) mutating func nextInstant(of slot: Int) -> Int64 {
        let end = endOfRetention(slot)
        if nodes[slot].flags.contains(.paused) { return nodes.coldStates[slot].pause?.until.nanoseconds ?? end }
        var next = end
        for level in 0..<levelCount { next = min(next, suspicionInstant(slot, level)) }
        return next
    }

    /// Moves the node's open deadlines at or after `start`.
    mutating func postpone(_ slot: Int, after start: Int64, by time: Int64) {
        for level in 0..<levelCount where !nodes[slot].state.isSuspected(atLevel: level) {
            schedule.postpone(slot, level, from: start, by: time)
        }
        rearm(slot)
    }

    // MARK: Planned absence

    /// Pauses a node: it is not suspected before `pause.until`. Emits a notice, and replaces an earlier pause.
    /// - Returns: False if the node is unknown.
    @discardableResult
    public mutating func pause(_ key: NodeKey, _ pause: Pause, at now: Instant, into events: inout [Event]) -> Bool {
        guard let slot = nodes.slot(of: key) else { return false }
        nodes.coldStates[slot].pause = pause
        nodes[slot].flags.formUnion([.paused, .exempt])
        emit(.paused, pause, slot, at: now, into: &events)
        rearm(slot)
        return true
    }

    /// Ends a node's pause early.
    /// - Returns: False if the node is unknown or not paused.
    @discardableResult
    public mutating func resume(_ key: NodeKey, at now: Instant, into events: inout [Event]) -> Bool {
        guard let slot = nodes.slot(of: key), let pause = nodes.coldStates[slot].pause else { return false }
        end(pause, slot, at: now, into: &events)
        if now.nanoseconds >= endOfRetention(slot) {
            forget(slot, at: now, ownLate: 0, into: &events)
        } else {
            rearm(slot)
        }
        return true
    }

    /// A node that stays silent now gets its full timeout, as after a heartbeat.
    private mutating func end(_ pause: Pause, _ slot: Int, at now: Instant, into events: inout [Event]) {
        nodes.coldStates[slot].pause = nil
        nodes[slot].flags.remove(.paused)
        nodes[slot].flags.insert(.exempt)
        nodes.coldStates[slot].silentSince = now.nanoseconds
        for level in 0..<levelCount {
            let deadline = schedule[slot, level]
            guard deadline != DeadlineSchedule.none, deadline <= now.nanoseconds else { continue }
            // A node that was never heard has no timeout. It gets the time that it was given at first.
            let given = deadline.subtractingSaturated(nodes[slot].lastArrival)
            schedule.set(slot, level, max(0, timeout(slot, level) ?? given), after: now.nanoseconds)
        }
        emit(.resumed, pause, slot, at: now, into: &events)
    }
}
