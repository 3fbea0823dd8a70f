// All that a detector knows, written down and read again: the same inputs then give the same events.

extension Detector {
    /// Writes down everything but the model's parameters.
    ///
    /// - Complexity: Linear in the number of nodes, with some hundred bytes for each.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public func write(to writer: inout StateWriter) {
        writer.write(Model.stateVersion)
        writer.write(plans.book)
        writer.write(configuration.retention)
        writer.write(Int64(configuration.capacity))
        writer.write(configuration.seed)
        writer.write(configuration.recovery)
        writer.write(configuration.hold) { $0.write($1) }
        for number in [stampError, deafSince, deafUntil] { writer.write(number) }
        writer.write(hasBacklog)
        writer.write(random.state)
        writer.write(holds)
        writer.write(freshCommons[0])
        writer.write(UInt32(groupNames.count))
        for group in groupNames.indices {
            writer.write(groupNames[group])
            writer.write(commons[group])
            writer.write(heardAt[group])
        }
        writer.write(UInt32(nodes.count))
        for slot in nodes.indices {
            writer.write(isInUse(slot))
            if isInUse(slot) { write(slot, to: &writer) }
        }
        // Their order tells which slot is used next, and who is asked of a group.
        writer.write(slots: vacant.map(Int32.init))
        for members in members { writer.write(slots: members) }
    }

    func write(_ slot: Int, to writer: inout StateWriter) {
        writer.write(nodes[slot])
        writer.write(details[slot])
        models[slot].write(to: &writer)
        for level in 0..<levelCount {
            writer.write(deadlines[slot * levelCount + level])
            writer.write(ruling(slot, level).policy)
            writer.write(pursuits[slot * levelCount + level])
        }
    }

    /// Reads what was written by a detector whose model had the same parameters.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public init(model: Model.Parameters, from reader: inout StateReader) throws(DamagedState) {
        let version = try reader.text()
        guard version == Model.stateVersion else {
            throw DamagedState("it is of \(version.escapingControls), and this is \(Model.stateVersion)")
        }
        let book: PolicyBook = try reader.state()
        for policy in book.allPolicies {
            if let reason = Model.refusal(of: policy) { throw DamagedState(reason) }
        }
        let retention = try reader.optional { reader throws(DamagedState) in try reader.integer(in: 1...Int64.max) }
        let capacity = Int(try reader.integer(Int64.self, in: 1...Int64(Int32.max)))
        var configuration = Configuration(
            levels: book.levels, model: model, retention: retention, capacity: capacity, seed: try reader.integer())
        configuration.policies = book
        configuration.recovery = try reader.state()
        configuration.hold = try reader.optional { reader throws(DamagedState) in try reader.state() }
        self.configuration = configuration
        levelCount = book.levels.count
        plans = PlanTable(book: book)
        thresholds = []
        table = KeyTable(seed: configuration.seed)
        stampError = try reader.integer()
        deafSince = try reader.integer()
        deafUntil = try reader.integer()
        hasBacklog = try reader.bool()
        random = SplitMix64(seed: try reader.integer())
        holds = try reader.state()
        freshCommons = [try reader.state()]
        commons = []
        (groupNames, heardAt) = ([], [])
        try readGroups(from: &reader)
        // A vacant slot has a byte here, and its number below; it takes up as much room as another.
        let count = try reader.count(ofBytes: 5)
        guard count <= capacity else { throw DamagedState("\(count) nodes are more than it has room for") }
        for _ in 0..<count { try readNode(from: &reader) }
        thresholds = plans.rulings.joined().map { Model.threshold(for: $0.policy) }
        try readOrder(from: &reader)
        for slot in nodes.indices where isInUse(slot) { rearm(slot) }
    }

    private mutating func readGroups(from reader: inout StateReader) throws(DamagedState) {
        for number in 0..<(try reader.integer(UInt32.self, in: 1...UInt32(Self.groupLimit))) {
            let name = try reader.text()
            groupNames.append(name)
            commons.append(try reader.state())
            heardAt.append(try reader.integer())
            guard number > 0 else { continue }
            guard groups.updateValue(UInt16(number), forKey: name) == nil else {
                throw DamagedState("a group is there twice")
            }
        }
    }

    private mutating func readNode(from reader: inout StateReader) throws(DamagedState) {
        guard try reader.bool() else {
            // What lies here is not looked at before the slot is used again.
            nodes.append(WatchedNode(key: NodeKey(rawValue: 0)))
            models.append(Model(configuration.model))
            details.append(NodeDetails())
            for level in 0..<levelCount {
                deadlines.append(.max)
                pursuits.append(Model.pursuit(of: Model.threshold(for: plans.rulings[0][level].policy)))
            }
            return
        }
        var node: WatchedNode = try reader.state()
        let details: NodeDetails = try reader.state()
        guard Int(node.group) < commons.count, table[node.key] == nil, nodeCount < configuration.capacity,
            details.recoveries.isEmpty || details.recoveries.count == levelCount,
            node.marks.contains(.paused) == (details.pause != nil),
            node.marks.contains(.claimed) == (details.claimant != nil)
        else { throw DamagedState("a node contradicts itself or another") }
        node.plan = plans.number(for: details.identity)
        models.append(try Model(configuration.model, from: &reader))
        for level in 0..<levelCount {
            deadlines.append(try reader.integer())
            let policy: Policy = try reader.state()
            let pursuit: Model.Pursuit = try reader.state()
            let present = plans.rulings[Int(node.plan)][level].policy
            pursuits.append(policy == present ? pursuit : Model.pursuit(of: Model.threshold(for: present)))
        }
        table.insert(node.key, slot: nodes.count)
        nodes.append(node)
        self.details.append(details)
    }

    private mutating func readOrder(from reader: inout StateReader) throws(DamagedState) {
        let slots = nodes.count
        vacant = try reader.slots(upTo: slots).map(Int.init)
        guard Set(vacant).count == vacant.count, vacant.allSatisfy({ !isInUse($0) }),
            vacant.count + nodeCount == slots
        else { throw DamagedState("what is vacant is not") }
        guard holds.active.allSatisfy({ Int($0.scope ?? 0) < groupNames.count }) else {
            throw DamagedState("a hold is of no group")
        }
        members = []
        for group in groupNames.indices {
            let slots = try reader.slots(upTo: slots)
            for (place, slot) in slots.enumerated() {
                guard isInUse(Int(slot)), Int(nodes[Int(slot)].group) == group, details[Int(slot)].place < 0 else {
                    throw DamagedState("a node is of another group")
                }
                details[Int(slot)].place = Int32(place)
            }
            members.append(slots)
        }
        guard nodes.indices.allSatisfy({ !isInUse($0) || details[$0].place >= 0 }) else {
            throw DamagedState("a node is of no group")
        }
    }
}

extension StateWriter {
    fileprivate mutating func write(slots: [Int32]) {
        write(UInt32(slots.count))
        for slot in slots { write(slot) }
    }
}

extension StateReader {
    fileprivate mutating func slots(upTo count: Int) throws(DamagedState) -> [Int32] {
        var slots: [Int32] = []
        for _ in 0..<(try self.count(ofBytes: 4)) {
            guard slots.count < count else { throw DamagedState("more slots are named than there are") }
            slots.append(try integer(in: 0...Int32(clamping: max(0, count - 1))))
        }
        return slots
    }
}

extension RecoveryRule: StoredState {
    public func write(to writer: inout StateWriter) {
        writer.write(Int64(steady))
        writer.write(flaps.map(Int64.init))
        writer.write(within)
        writer.write(calm)
    }
    public init(from reader: inout StateReader) throws(DamagedState) {
        self.init(
            steady: Int(try reader.integer(Int64.self, in: 1...Int64(Int32.max))),
            flaps: try reader.optional { reader throws(DamagedState) in
                Int(try reader.integer(Int64.self, in: 1...Int64(Recovery.mostFlaps)))
            }, within: try reader.integer(in: 1...(.max)), calm: try reader.integer(in: 0...(.max)))
    }
}

extension HoldRule: StoredState {
    public func write(to writer: inout StateWriter) {
        writer.write(share)
        writer.write(Int64(least))
        writer.write(longest)
    }
    public init(from reader: inout StateReader) throws(DamagedState) {
        self.init(
            share: try reader.double(in: .leastNonzeroMagnitude...1),
            least: Int(try reader.integer(Int64.self, in: 2...Int64(HoldRule.sampleSize))),
            longest: try reader.integer(in: 1...HoldRule.longestAllowed))
    }
}
