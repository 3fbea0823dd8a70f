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
        guard let slot = table[key.rawValue] ?? addNode(key) else { return false }
        guard let known = coldStates[slot].identity else {
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
        guard announce(identity, key: key, at: now, into: &events), let slot = table[key.rawValue] else {
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
        guard let slot = table[key.rawValue] else { return }
        nodes[slot].flags.remove(.kept)
        if nodes[slot].state.phase == .new { forget(key, at: now, into: &events) } else { rearm(slot) }
    }

    /// Forgets a node. If it is heard again, it is a new node.
    /// - Returns: False if the node is unknown.
    @discardableResult
    public mutating func forget(_ key: NodeKey, at now: Instant, into events: inout [Event]) -> Bool {
        guard let slot = table[key.rawValue] else { return false }
        forget(slot, at: now, ownLate: 0, into: &events)
        return true
    }

    /// Records that the node's connection was closed. This is evidence and changes no verdict.
    public mutating func disconnected(_ key: NodeKey, at now: Instant) {
        if let slot = table[key.rawValue] { coldStates[slot].disconnectedAt = now.nanoseconds }
    }

    func isInUse(_ slot: Int) -> Bool { table[nodes[slot].key] == slot }

    /// Sets a node's name, and with it its group and policies.
    mutating func name(_ slot: Int, _ identity: NodeIdentity) {
        coldStates[slot].identity = identity
        move(slot, to: group(named: identity.group))
        let plan = plans.number(for: identity)
        // Thresholds of a plan that no node had before.
        for effectivePolicy in plans.effectivePolicies[(thresholds.count / levelCount)...].joined() {
            thresholds.append(Model.threshold(for: effectivePolicy.policy))
        }
        guard plan != nodes[slot].plan else { return }
        nodes[slot].plan = plan
        for level in 0..<levelCount {
            levelStates[slot * levelCount + level] = Model.levelState(of: threshold(slot, level))
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

    /// Maximum number of groups that learn together. Names come from the network, and each group costs some kilobytes.
    static var groupLimit: Int { 1024 }

    mutating func group(named name: String) -> UInt16 {
        if let known = groups[name] { return known }
        guard groupStates.count < Self.groupLimit else { return 0 }
        let number = UInt16(groupStates.count)
        groupStates += freshGroupState
        groups[name] = number
        groupNames.append(name)
        members.append([])
        heardAt.append(.min)
        return number
    }

    private mutating func move(_ slot: Int, to group: UInt16) {
        leaveGroup(slot)
        join(group, slot)
    }

    private mutating func join(_ group: UInt16, _ slot: Int) {
        nodes[slot].group = group
        coldStates[slot].memberIndex = Int32(members[Int(group)].count)
        members[Int(group)].append(Int32(slot))
    }

    private mutating func leaveGroup(_ slot: Int) {
        let (group, index) = (Int(nodes[slot].group), Int(coldStates[slot].memberIndex))
        guard let last = members[group].popLast(), Int(last) != slot else { return }
        members[group][index] = last
        coldStates[Int(last)].memberIndex = Int32(index)
    }

    mutating func addNode(_ key: NodeKey) -> Int? {
        guard nodeCount < configuration.capacity else { return nil }
        let slot = vacant.popLast() ?? nodes.count
        if slot == nodes.count {
            nodes.append(WatchedNode(key: key))
            models.append(Model(configuration.model))
            coldStates.append(NodeColdState())
            schedule.appendSlot()
            for level in 0..<levelCount {
                levelStates.append(Model.levelState(of: thresholds[level]))
            }
        } else {
            nodes[slot] = WatchedNode(key: key)
            models[slot] = Model(configuration.model)
            coldStates[slot] = NodeColdState()
            for level in 0..<levelCount {
                levelStates[slot * levelCount + level] = Model.levelState(of: thresholds[level])
            }
        }
        join(0, slot)
        table.insert(key.rawValue, slot: slot)
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
        table.remove(nodes[slot].key)
        schedule.clear(slot)
        leaveGroup(slot)
        nodes[slot] = WatchedNode(key: NodeKey(rawValue: 0))  // a record of no node
        coldStates[slot] = NodeColdState()
        models[slot] = Model(configuration.model)
        vacant.append(slot)
    }
}
