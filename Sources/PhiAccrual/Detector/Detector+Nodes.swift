// Nodes: names, expectations, groups, and slots.

extension Detector {
    /// Sets a node's name. A node that was not heard yet is then expected, without a deadline. A second name for a
    /// known key is reported and ignored.
    ///
    /// - Returns: False if the detector has reached its capacity.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    @discardableResult
    public mutating func announce(
        _ identity: NodeIdentity, key: NodeKey, at now: Instant, into events: inout [Event]
    ) -> Bool {
        guard let slot = nodes.slot(of: key) ?? addNode(key) else { return false }
        guard let known = nodes.coldStates[slot].identity else {
            name(slot, identity)
            emitTransitions(slot, at: now, from: NodeState(), into: &events)
            return true
        }
        if known != identity { emit(.nameCollision, slot, at: now, into: &events) }
        return true
    }

    /// Expects a node by some instant, and keeps it regardless of silence. A node that is not heard by then is
    /// suspected. For a node that is already known, only retention changes.
    ///
    /// - Returns: False if the detector has reached its capacity.
    @discardableResult
    public mutating func expect(
        _ identity: NodeIdentity, key: NodeKey, until: Instant, at now: Instant, into events: inout [Event]
    ) -> Bool {
        let isNew = !knows(key)
        guard announce(identity, key: key, at: now, into: &events), let slot = nodes.slot(of: key) else {
            return false
        }
        nodes[slot].flags.insert(.kept)
        if isNew {
            nodes[slot].lastArrival = now.nanoseconds
            for level in 0..<levelCount { schedule.set(slot, level, to: until.nanoseconds) }
        }
        rearm(slot)
        return true
    }

    /// Ends the expectation of a node, so that it may be forgotten. A node that was never heard is forgotten at once.
    public mutating func expectNoLonger(_ key: NodeKey, at now: Instant, into events: inout [Event]) {
        guard let slot = nodes.slot(of: key) else { return }
        nodes[slot].flags.remove(.kept)
        if nodes[slot].state.phase == .new { forget(key, at: now, into: &events) } else { rearm(slot) }
    }

    /// Forgets a node. If it is heard again, it is a new node.
    /// - Returns: False if the node is unknown.
    @discardableResult
    public mutating func forget(_ key: NodeKey, at now: Instant, into events: inout [Event]) -> Bool {
        guard let slot = nodes.slot(of: key) else { return false }
        forget(slot, at: now, ownLate: 0, into: &events)
        return true
    }

    /// Records that the node's connection was closed. This is evidence and changes no verdict.
    public mutating func disconnected(_ key: NodeKey, at now: Instant) {
        if let slot = nodes.slot(of: key) { nodes.coldStates[slot].disconnectedAt = now.nanoseconds }
    }

    /// Sets a node's name, and with it its group and policies.
    mutating func name(_ slot: Int, _ identity: NodeIdentity) {
        nodes.coldStates[slot].identity = identity
        nodes.move(slot, toGroupNamed: identity.group)
        let plan = plans.number(for: identity)
        addThresholds()
        guard plan != nodes[slot].plan else { return }
        nodes[slot].plan = plan
        for level in 0..<levelCount {
            nodes[slot, level] = Model.levelState(of: threshold(slot, level))
        }
        updateLevels(slot, after: nil)
        if nodes[slot].state.isWatched { setDeadlines(slot) }
    }

    /// Sets the deadline of each level to the last arrival plus the present timeout.
    mutating func setDeadlines(_ slot: Int) {
        for level in 0..<levelCount {
            schedule.set(slot, level, timeout(slot, level), after: nodes[slot].lastArrival)
        }
        rearm(slot)
    }

    /// Adds a node that was not heard yet.
    /// - Precondition: The key is unknown.
    /// - Returns: Its slot; nil if the detector has reached its capacity.
    mutating func addNode(_ key: NodeKey) -> Int? {
        let slot = nodes.add(key, under: thresholds)
        if schedule.slotCount < nodes.slots.count { schedule.appendSlot() }
        return slot
    }

    mutating func forget(_ slot: Int, at due: Instant, ownLate: Int64, into events: inout [Event]) {
        let silence = max(0, due.nanoseconds.subtractingSaturated(nodes[slot].lastArrival))
        let evidence = evidence(slot, silence: silence, ownLate: ownLate)
        let state = nodes[slot].state
        // No event was emitted for a node that was only expected, so none is needed now.
        if state != NodeState() {
            for level in 0..<levelCount {
                transition(slot, level, from: state.verdict(atLevel: level), to: .forgotten, due, evidence, &events)
            }
        }
        schedule.clear(slot)
        nodes.free(slot)
    }
}
