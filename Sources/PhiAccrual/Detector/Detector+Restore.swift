import BinaryCoding

// State that outlives the detector: what it learned of each node and each group, for the next run of a service.

/// Learned state of one node, as bytes that `Detector.restore` reads.
public struct PersistedNode: Hashable, Sendable {
    public var key: NodeKey
    public var identity: NodeIdentity
    /// On the clock of the detector that wrote it; nil if it was never heard.
    public var lastArrival: Instant?
    public var bytes: [UInt8]

    public init(key: NodeKey, identity: NodeIdentity, lastArrival: Instant?, bytes: [UInt8]) {
        (self.key, self.identity, self.lastArrival, self.bytes) = (key, identity, lastArrival, bytes)
    }
}

extension Detector {
    /// Persisted state of the named nodes in at most `limit` slots from `cursor` on, and the next cursor; nil after the
    /// last slot.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public func persistedNodes(from cursor: Int, limit: Int) -> (page: [PersistedNode], next: Int?) {
        let slots = max(0, cursor)..<min(nodes.slots.count, max(0, cursor) + max(1, limit))
        let page = slots.compactMap { nodes.isInUse($0) ? persistedNode(ofSlot: $0) : nil }
        return (page, slots.upperBound < nodes.slots.count ? slots.upperBound : nil)
    }

    /// Persisted state of one node; nil if the node or its name is unknown.
    public func persistedNode(of key: NodeKey) -> PersistedNode? {
        nodes.slot(of: key).flatMap { persistedNode(ofSlot: $0) }
    }

    private func persistedNode(ofSlot slot: Int) -> PersistedNode? {
        guard let identity = nodes.coldStates[slot].identity else { return nil }
        var writer = BinaryWriter()
        write(slot, to: &writer)
        let isHeard = nodes[slot].state.phase != .new
        return PersistedNode(
            key: NodeKey(rawValue: nodes[slot].key), identity: identity,
            lastArrival: isHeard ? Instant(nanoseconds: lastHeard(slot)) : nil, bytes: writer.bytes)
    }

    /// Persisted state of the groups, by name. The first has an empty name and is for nodes without a group.
    public var persistedGroups: [(group: String, bytes: [UInt8])] {
        nodes.groups.numbersInUse.map { group in
            var writer = BinaryWriter()
            writer.write(nodes.groups[group])
            return (nodes.groups.names[Int(group)], writer.bytes)
        }
    }

    /// Restores what a group learned in an earlier run.
    /// - Throws: If the bytes are no valid state; then nothing changes.
    public mutating func restore(group name: String, bytes: [UInt8]) throws(CorruptData) {
        var reader = BinaryReader(bytes)
        let known: Model.GroupState = try reader.state()
        nodes.restore(known, ofGroupNamed: name)
    }

    /// Restores a node that was watched in an earlier run.
    ///
    /// The time between the runs is not silence. The node gets its normal timeout from `soonest` on, the instant by
    /// which it can have reconnected, and the present silence is not learned. The verdict has not changed, so events
    /// are emitted only for levels that have not published it yet, such as levels that the earlier run did not have.
    ///
    /// - Parameters:
    ///   - bytes: What was learned of the node. Without it, or if it is unreadable, the node must be heard by `latest`.
    ///   - version: The version of `bytes`.
    ///   - verdicts: The last published verdict per level; nil for a level without one.
    ///   - last: The last published verdict at any level, including levels that no longer exist; nil if it is among
    ///     `verdicts`.
    ///   - incarnation: The incarnation of these verdicts.
    ///   - lastHeard: When an earlier run last heard the node; nil if unknown.
    /// - Returns: False if `bytes` could not be read, so that the node starts without learned state.
    @discardableResult
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public mutating func restore(
        _ identity: NodeIdentity, key: NodeKey, bytes: [UInt8]?, version: String = Self.persistedVersion,
        verdicts: [Verdict?],
        last: Verdict? = nil, incarnation: UInt32, lastHeard: Instant? = nil, soonest: Instant, latest: Instant,
        at now: Instant,
        into events: inout [Event]
    ) -> Bool {
        guard !knows(key), let slot = addNode(key) else { return true }
        name(slot, identity)
        let wasRead = bytes.map { restore($0, of: version, slot) }
        nodes[slot].lastArrival = now.nanoseconds
        nodes[slot].lastSent = nil
        nodes[slot].senderLate = nil
        nodes[slot].flags = .exempt
        if wasRead != true { nodes[slot].incarnation = incarnation }
        // A node whose retention time is over is forgotten now, and not in the past.
        let earliest = now.nanoseconds.subtractingSaturated(configuration.retention ?? .max)
        nodes.coldStates[slot].silentSince = lastHeard.map { max($0.nanoseconds, earliest) }
        let wasHeard = nodes[slot].confirmations > 0 || nodes[slot].incarnation > 0
        nodes[slot].state = Self.state(
            emitted: Array(verdicts.prefix(levelCount)), last: last, wasHeard: wasHeard,
            heard: &nodes[slot].confirmations)
        let hasLeft = nodes[slot].state.phase == .left
        for level in 0..<levelCount {
            let deadline =
                timeout(slot, level).map { soonest.nanoseconds.addingSaturated(max(0, $0)) } ?? latest.nanoseconds
            schedule.set(slot, level, to: hasLeft ? DeadlineSchedule.none : deadline)
        }
        rearm(slot)
        emitMissingVerdicts(slot, emitted: verdicts, at: now, into: &events)
        return wasRead ?? true
    }

    /// Emits a restored node's verdict at levels that published none, or an earlier one.
    private mutating func emitMissingVerdicts(
        _ slot: Int, emitted verdicts: [Verdict?], at now: Instant, into events: inout [Event]
    ) {
        for level in 0..<levelCount {
            let from = (level < verdicts.count ? verdicts[level] : nil) ?? .new
            let to = nodes[slot].state.verdict(atLevel: level)
            guard from != to, to != .new else { continue }
            var evidence = evidence(slot, silence: 0, ownLate: 0)
            evidence.isRestored = true
            transition(slot, level, from: from, to: to, now, evidence, &events)
        }
    }

    /// Restores a node with the same key from bytes. Returns whether they could be read.
    private mutating func restore(_ bytes: [UInt8], of version: String, _ slot: Int) -> Bool {
        guard let layout = Self.layout(of: version) else { return false }
        var reader = BinaryReader(bytes)
        reader.layout = layout
        do throws(CorruptData) {
            let stored: WatchedNode = try reader.state()
            let storedDetails: NodeColdState = try reader.state()
            let model = try Model(configuration.model, from: &reader)
            guard stored.key == nodes[slot].key else { return false }
            var (restored, isNew, infeasibleLevels): ([Model.LevelState], Bool, UInt8) = ([], false, 0)
            for level in 0..<levelCount {
                if reader.isAtEnd {  // this level is new
                    restored.append(Model.levelState(of: threshold(slot, level)))
                    isNew = true
                    continue
                }
                let _: Int64 = try reader.integer()  // a deadline on another clock
                let policy: Policy = try reader.state()
                let levelState: Model.LevelState = try reader.state()
                let isSame = policy == effectivePolicy(slot, level).policy
                restored.append(isSame ? levelState : Model.levelState(of: threshold(slot, level)))
                isNew = isNew || !isSame
                if isSame { infeasibleLevels |= stored.infeasibleLevels & 1 << UInt8(level) }
            }
            nodes.models[slot] = model
            for level in 0..<levelCount { nodes[slot, level] = restored[level] }
            (nodes[slot].incarnation, nodes[slot].sequence) = (stored.incarnation, stored.sequence)
            (nodes[slot].missing, nodes[slot].confirmations) = (stored.missing, stored.confirmations)
            nodes[slot].infeasibleLevels = infeasibleLevels  // published before
            nodes.coldStates[slot].discarded = storedDetails.discarded
            if isNew { updateLevels(slot, after: nil) }
            return true
        } catch {
            return false
        }
    }

    /// Restores a node's pause from an earlier run. A pause that is over ends with the next step. Only its end is
    /// reported.
    public mutating func restore(_ pause: Pause, of key: NodeKey) {
        guard let slot = nodes.slot(of: key) else { return }
        nodes.coldStates[slot].pause = pause
        nodes[slot].flags.formUnion([.paused, .exempt])
        rearm(slot)
    }

    /// Published verdicts override learned state, which may be older.
    ///
    /// A level that was missing for some runs has a verdict from before them. That verdict may be that the node left,
    /// but trust at another level overrides it.
    ///
    /// Static, because `self` is being changed in part, and access to it would copy the rest.
    private static func state(
        emitted verdicts: [Verdict?], last: Verdict?, wasHeard: Bool, heard: inout UInt8
    ) -> NodeState {
        var state = NodeState()
        for (level, verdict) in verdicts.enumerated() where verdict == .suspected {
            state.suspect(atLevel: level)
        }
        let emitted = ([last] + verdicts).compactMap(\.self)
        if (last ?? emitted.first) == .left {
            state.leave()
        } else if emitted.contains(.trusted) {
            state.phase = .trusted
        } else if emitted.contains(.learning) {
            state.phase = .learning
        } else if emitted.contains(.suspected), wasHeard {  // otherwise it was expected, and never heard
            state.phase = heard < WatchedNode.requiredConfirmations ? .learning : .trusted
        }
        if state.phase == .trusted { heard = WatchedNode.requiredConfirmations }
        if state.phase == .learning { heard = min(heard, WatchedNode.requiredConfirmations - 1) }
        return state
    }
}
