import BinaryCoding

// Checkpoint of a whole detector. A detector that is read from it gives the same events for the same inputs.

extension Detector {
    /// Writes everything but the model's parameters.
    ///
    /// - Complexity: Linear in the number of nodes, with some hundred bytes each.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public func write(to writer: inout BinaryWriter) {
        writer.write(Self.persistedVersion)
        writer.write(plans.policies)
        writer.write(configuration.retention)
        writer.write(Int64(configuration.capacity))
        writer.write(configuration.seed)
        writer.write(configuration.recovery)
        writer.write(configuration.hold) { $0.write($1) }
        for number in [timestampUncertainty, suspendedSince, suspendedUntil] { writer.write(number) }
        writer.write(hasBacklog)
        writer.write(random.state)
        writer.write(holds)
        writer.write(freshGroupState[0])
        writer.write(UInt32(groupNames.count))
        for group in groupNames.indices {
            writer.write(groupNames[group])
            writer.write(groupStates[group])
            writer.write(heardAt[group])
        }
        writer.write(UInt32(nodes.count))
        for slot in nodes.indices {
            writer.write(isInUse(slot))
            if isInUse(slot) { write(slot, to: &writer) }
        }
        // Their order determines which slot is used next, and which nodes of a group are sampled.
        writer.write(slots: vacant.map(Int32.init))
        for members in members { writer.write(slots: members) }
    }

    func write(_ slot: Int, to writer: inout BinaryWriter) {
        writer.write(nodes[slot])
        writer.write(coldStates[slot])
        models[slot].write(to: &writer)
        for level in 0..<levelCount {
            writer.write(schedule[slot, level])
            writer.write(effectivePolicy(slot, level).policy)
            writer.write(levelStates[slot * levelCount + level])
        }
    }

    /// Reads a checkpoint of a detector whose model had the same parameters.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public init(model: Model.Parameters, from reader: inout BinaryReader) throws(CorruptData) {
        let version = try reader.text()
        // Checkpoints of the first layout name the model only.
        let layout = version == Model.stateVersion ? StateLayout.codesByPosition : Self.layout(of: version)
        guard let layout else {
            throw CorruptData("it is of \(version.escapingControls), and this is \(Self.persistedVersion)")
        }
        reader.layout = layout
        let policies: PolicyTable = try reader.state()
        for policy in policies.allPolicies {
            if let reason = Model.refusal(of: policy) { throw CorruptData(reason) }
        }
        let retention = try reader.optional { reader throws(CorruptData) in try reader.integer(in: 1...Int64.max) }
        let capacity = Int(try reader.integer(Int64.self, in: 1...Int64(Int32.max)))
        var configuration = Configuration(
            levels: policies.levels, model: model, retention: retention, capacity: capacity, seed: try reader.integer())
        configuration.policies = policies
        configuration.recovery = try reader.state()
        configuration.hold = try reader.optional { reader throws(CorruptData) in try reader.state() }
        self.configuration = configuration
        levelCount = policies.levels.count
        schedule = DeadlineSchedule(levels: levelCount)
        plans = PolicyInterner(policies: policies)
        thresholds = []
        table = KeyTable(seed: configuration.seed)
        timestampUncertainty = try reader.integer()
        suspendedSince = try reader.integer()
        suspendedUntil = try reader.integer()
        hasBacklog = try reader.bool()
        random = SplitMix64(seed: try reader.integer())
        holds = try reader.state()
        freshGroupState = [try reader.state()]
        groupStates = []
        (groupNames, heardAt) = ([], [])
        try readGroups(from: &reader)
        // A vacant slot has one byte here and four in the list below; in memory it is as large as another.
        let count = try reader.count(ofBytes: 5)
        guard count <= capacity else { throw CorruptData("\(count) nodes are more than it has room for") }
        for _ in 0..<count { try readNode(from: &reader) }
        thresholds = plans.effectivePolicies.joined().map { Model.threshold(for: $0.policy) }
        try readOrder(from: &reader)
        for slot in nodes.indices where isInUse(slot) { rearm(slot) }
    }

    private mutating func readGroups(from reader: inout BinaryReader) throws(CorruptData) {
        for number in 0..<(try reader.integer(UInt32.self, in: 1...UInt32(Self.groupLimit))) {
            let name = try reader.text()
            groupNames.append(name)
            groupStates.append(try reader.state())
            heardAt.append(try reader.integer())
            guard number > 0 else { continue }
            guard groups.updateValue(UInt16(number), forKey: name) == nil else {
                throw CorruptData("a group is there twice")
            }
        }
    }

    private mutating func readNode(from reader: inout BinaryReader) throws(CorruptData) {
        guard try reader.bool() else {
            // Placeholders: they are not read before the slot is used again.
            nodes.append(WatchedNode(key: NodeKey(rawValue: 0)))
            models.append(Model(configuration.model))
            coldStates.append(NodeColdState())
            schedule.appendSlot()
            for level in 0..<levelCount {
                levelStates.append(Model.levelState(of: Model.threshold(for: plans.effectivePolicies[0][level].policy)))
            }
            return
        }
        var node: WatchedNode = try reader.state()
        let coldStates: NodeColdState = try reader.state()
        guard Int(node.group) < groupStates.count, table[node.key] == nil, nodeCount < configuration.capacity,
            coldStates.recoveries.isEmpty || coldStates.recoveries.count == levelCount,
            node.flags.contains(.paused) == (coldStates.pause != nil),
            node.flags.contains(.contended) == (coldStates.contender != nil)
        else { throw CorruptData("a node contradicts itself or another") }
        node.plan = plans.number(for: coldStates.identity)
        models.append(try Model(configuration.model, from: &reader))
        schedule.appendSlot()
        for level in 0..<levelCount {
            schedule.set(nodes.count, level, to: try reader.integer())
            let policy: Policy = try reader.state()
            let levelState: Model.LevelState = try reader.state()
            let present = plans.effectivePolicies[Int(node.plan)][level].policy
            levelStates.append(policy == present ? levelState : Model.levelState(of: Model.threshold(for: present)))
        }
        table.insert(node.key, slot: nodes.count)
        nodes.append(node)
        self.coldStates.append(coldStates)
    }

    private mutating func readOrder(from reader: inout BinaryReader) throws(CorruptData) {
        let slots = nodes.count
        vacant = try reader.slots(upTo: slots).map(Int.init)
        guard Set(vacant).count == vacant.count, vacant.allSatisfy({ !isInUse($0) }),
            vacant.count + nodeCount == slots
        else { throw CorruptData("what is vacant is not") }
        guard holds.active.allSatisfy({ Int($0.scope ?? 0) < groupNames.count }) else {
            throw CorruptData("a hold is of no group")
        }
        members = []
        for group in groupNames.indices {
            let slots = try reader.slots(upTo: slots)
            for (place, slot) in slots.enumerated() {
                guard isInUse(Int(slot)), Int(nodes[Int(slot)].group) == group, coldStates[Int(slot)].memberIndex < 0
                else {
                    throw CorruptData("a node is of another group")
                }
                coldStates[Int(slot)].memberIndex = Int32(place)
            }
            members.append(slots)
        }
        guard nodes.indices.allSatisfy({ !isInUse($0) || coldStates[$0].memberIndex >= 0 }) else {
            throw CorruptData("a node is of no group")
        }
    }
}

extension BinaryWriter {
    fileprivate mutating func write(slots: [Int32]) {
        write(UInt32(slots.count))
        for slot in slots { write(slot) }
    }
}

extension BinaryReader {
    fileprivate mutating func slots(upTo count: Int) throws(CorruptData) -> [Int32] {
        var slots: [Int32] = []
        for _ in 0..<(try self.count(ofBytes: 4)) {
            guard slots.count < count else { throw CorruptData("more slots are named than there are") }
            slots.append(try integer(in: 0...Int32(clamping: max(0, count - 1))))
        }
        return slots
    }
}

extension RecoveryRule: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(Int64(minConsecutive))
        writer.write(flaps.map(Int64.init))
        writer.write(within)
        writer.write(quietPeriod)
    }
    public init(from reader: inout BinaryReader) throws(CorruptData) {
        self.init(
            minConsecutive: Int(try reader.integer(Int64.self, in: 1...Int64(Int32.max))),
            flaps: try reader.optional { reader throws(CorruptData) in
                Int(try reader.integer(Int64.self, in: 1...Int64(Recovery.maxFlaps)))
            }, within: try reader.integer(in: 1...(.max)), quietPeriod: try reader.integer(in: 0...(.max)))
    }
}

extension HoldRule: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(share)
        writer.write(Int64(minExcess))
        writer.write(maxDuration)
    }
    public init(from reader: inout BinaryReader) throws(CorruptData) {
        self.init(
            share: try reader.double(in: .leastNonzeroMagnitude...1),
            minExcess: Int(try reader.integer(Int64.self, in: 2...Int64(HoldRule.sampleSize))),
            maxDuration: try reader.integer(in: 1...HoldRule.maxDurationLimit))
    }
}
