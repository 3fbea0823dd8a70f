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
        writer.write(nodes.groups)
        writer.write(UInt32(nodes.slots.count))
        for slot in nodes.slots {
            writer.write(nodes.isInUse(slot))
            if nodes.isInUse(slot) { write(slot, to: &writer) }
        }
        nodes.writeOrder(to: &writer)
    }

    func write(_ slot: Int, to writer: inout BinaryWriter) {
        writer.write(nodes[slot])
        writer.write(nodes.coldStates[slot])
        nodes.models[slot].write(to: &writer)
        for level in 0..<levelCount {
            writer.write(schedule[slot, level])
            writer.write(effectivePolicy(slot, level).policy)
            writer.write(nodes[slot, level])
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
            throw CorruptData(
                "it has version \(version.escapingControls), but this program reads \(Self.readableVersions)")
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
        thresholds = LevelTable(levels: levelCount)
        timestampUncertainty = try reader.integer()
        suspendedSince = try reader.integer()
        suspendedUntil = try reader.integer()
        hasBacklog = try reader.bool()
        random = SplitMix64(seed: try reader.integer())
        holds = try reader.state()
        nodes = NodeTable(
            levels: levelCount, capacity: capacity, seed: configuration.seed, parameters: model,
            groups: try reader.state())
        addThresholds()
        // A vacant slot has one byte here and four in the list below; in memory it is as large as another.
        let count = try reader.count(ofBytes: 5)
        guard count <= capacity else { throw CorruptData("it has \(count) nodes, more than the capacity") }
        for _ in 0..<count { try readNode(from: &reader) }
        try nodes.readOrder(from: &reader)
        guard holds.active.allSatisfy({ Int($0.scope ?? 0) < nodes.groups.names.count }) else {
            throw CorruptData("a hold has an unknown group")
        }
        for slot in nodes.slots where nodes.isInUse(slot) { rearm(slot) }
    }

    private mutating func readNode(from reader: inout BinaryReader) throws(CorruptData) {
        schedule.appendSlot()
        guard try reader.bool() else {
            nodes.restoreVacantSlot(under: thresholds)
            return
        }
        var node: WatchedNode = try reader.state()
        let coldState: NodeColdState = try reader.state()
        guard nodes.canRestore(node),
            coldState.recoveries.isEmpty || coldState.recoveries.count == levelCount,
            node.flags.contains(.paused) == (coldState.pause != nil),
            node.flags.contains(.contended) == (coldState.contender != nil)
        else { throw CorruptData("a node is inconsistent or occurs twice") }
        node.plan = plans.number(for: coldState.identity)
        addThresholds()
        let model = try Model(configuration.model, from: &reader)
        var levelStates: [Model.LevelState] = []
        for level in 0..<levelCount {
            schedule.set(nodes.slots.count, level, to: try reader.integer())
            let policy: Policy = try reader.state()
            let levelState: Model.LevelState = try reader.state()
            let isSame = policy == plans.effectivePolicies[Int(node.plan)][level].policy
            levelStates.append(isSame ? levelState : Model.levelState(of: thresholds[Int(node.plan), level]))
        }
        nodes.restore(node, model, coldState, levelStates)
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
