// What outlives the detector: what was learned of each node and each group, for the next run of a service.

/// What was learned of one node, as bytes that `Detector.recall` reads.
public struct NodeMemory: Hashable, Sendable {
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
    /// Which memories it can read: those that were written under the same words.
    public static var memoryVersion: String { "\(Model.stateVersion) node/1" }

    /// The memories of named nodes in slots from `cursor` on, after a look at no more than `limit` slots, and where to go on;
    /// nil after the last.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public func memories(from cursor: Int, limit: Int) -> (page: [NodeMemory], next: Int?) {
        let slots = max(0, cursor)..<min(nodes.count, max(0, cursor) + max(1, limit))
        let page = slots.compactMap { isInUse($0) ? memory(ofSlot: $0) : nil }
        return (page, slots.upperBound < nodes.count ? slots.upperBound : nil)
    }

    /// The memory of one node; nil if it is not known, or not by name.
    public func memory(of key: NodeKey) -> NodeMemory? { table[key.rawValue].flatMap { memory(ofSlot: $0) } }

    private func memory(ofSlot slot: Int) -> NodeMemory? {
        guard let identity = details[slot].identity else { return nil }
        var writer = StateWriter()
        write(slot, to: &writer)
        let isHeard = nodes[slot].standing.phase != .new
        return NodeMemory(
            key: NodeKey(rawValue: nodes[slot].key), identity: identity,
            lastArrival: isHeard ? Instant(nanoseconds: lastHeard(slot)) : nil, bytes: writer.bytes)
    }

    /// What the groups know together, by their names; the first, without a name, is that of nodes without a group.
    public var groupMemories: [(group: String, bytes: [UInt8])] {
        groupNames.indices.map { group in
            var writer = StateWriter()
            writer.write(commons[group])
            return (groupNames[group], writer.bytes)
        }
    }

    /// Has a group know what it knew in an earlier run.
    /// - Throws: For bytes that are no such memory; nothing is changed then.
    public mutating func recall(group name: String, bytes: [UInt8]) throws(DamagedState) {
        var reader = StateReader(bytes)
        let known: Model.Commons = try reader.state()
        commons[name.isEmpty ? 0 : Int(group(named: name))] = known
    }

    /// Watches a node again that was watched in an earlier run.
    ///
    /// Nobody was there to hear it since: it has its usual time from `soonest` on, the instant by which it can have found
    /// the service again, and the present silence is not learned from. Nothing is told, since nothing changed, but to levels
    /// that have not told so yet: those that there were not in that run.
    ///
    /// - Parameters:
    ///   - bytes: What was learned of it; nil or unreadable: nothing. The node then has until `latest` to be heard.
    ///   - verdicts: What was last told of it, per level; nil where nothing was.
    ///   - last: What was told of it last at any level, also at one that there is no longer; nil if it is among `verdicts`.
    ///   - incarnation: The one that this was told of.
    ///   - lastHeard: When an earlier run heard it last; nil if that is not known.
    /// - Returns: False if `bytes` could not be read, so that the node begins without what was learned.
    @discardableResult
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public mutating func recall(
        _ identity: NodeIdentity, key: NodeKey, bytes: [UInt8]?, verdicts: [Verdict?], last: Verdict? = nil,
        incarnation: UInt32, lastHeard: Instant? = nil, soonest: Instant, latest: Instant, at now: Instant,
        into events: inout [Event]
    ) -> Bool {
        guard !knows(key), let slot = addNode(key) else { return true }
        name(slot, identity)
        let wasRead = bytes.map { recall($0, slot) }
        nodes[slot].lastArrival = now.nanoseconds
        nodes[slot].lastSent = nil
        nodes[slot].senderLate = nil
        nodes[slot].marks = .excused
        if wasRead != true { nodes[slot].incarnation = incarnation }
        // One whose time is over is forgotten now, and not in the past.
        let earliest = now.nanoseconds.subtractingSaturated(configuration.retention ?? .max)
        details[slot].silentSince = lastHeard.map { max($0.nanoseconds, earliest) }
        let wasHeard = nodes[slot].heard > 0 || nodes[slot].incarnation > 0
        nodes[slot].standing = Self.standing(
            told: Array(verdicts.prefix(levelCount)), last: last, wasHeard: wasHeard, heard: &nodes[slot].heard)
        let hasLeft = nodes[slot].standing.phase == .left
        for level in 0..<levelCount {
            let deadline =
                wait(slot, level).map { soonest.nanoseconds.addingSaturated(max(0, $0)) } ?? latest.nanoseconds
            deadlines[slot * levelCount + level] = hasLeft ? .max : deadline
        }
        rearm(slot)
        tellUntold(slot, told: verdicts, at: now, into: &events)
        return wasRead ?? true
    }

    /// Tells a recalled node's verdict at levels that told of nothing, or of something before it.
    private mutating func tellUntold(
        _ slot: Int, told verdicts: [Verdict?], at now: Instant, into events: inout [Event]
    ) {
        for level in 0..<levelCount {
            let from = (level < verdicts.count ? verdicts[level] : nil) ?? .new
            let to = nodes[slot].standing.verdict(atLevel: level)
            guard from != to, to != .new else { continue }
            var evidence = evidence(slot, silence: 0, ownLate: 0)
            evidence.isRecalled = true
            transition(slot, level, from: from, to: to, now, evidence, &events)
        }
    }

    /// Takes over what bytes say of a node with the same key. Says whether they could be read.
    private mutating func recall(_ bytes: [UInt8], _ slot: Int) -> Bool {
        var reader = StateReader(bytes)
        do throws(DamagedState) {
            let stored: WatchedNode = try reader.state()
            let storedDetails: NodeDetails = try reader.state()
            let model = try Model(configuration.model, from: &reader)
            guard stored.key == nodes[slot].key else { return false }
            var (recalled, isNew, strained): ([Model.Pursuit], Bool, UInt8) = ([], false, 0)
            for level in 0..<levelCount {
                if reader.isAtEnd {  // a level that there was not
                    recalled.append(Model.pursuit(of: threshold(slot, level)))
                    isNew = true
                    continue
                }
                let _: Int64 = try reader.integer()  // a deadline on another clock
                let policy: Policy = try reader.state()
                let pursuit: Model.Pursuit = try reader.state()
                let isSame = policy == ruling(slot, level).policy
                recalled.append(isSame ? pursuit : Model.pursuit(of: threshold(slot, level)))
                isNew = isNew || !isSame
                if isSame { strained |= stored.strained & 1 << UInt8(level) }
            }
            models[slot] = model
            for level in 0..<levelCount { pursuits[slot * levelCount + level] = recalled[level] }
            (nodes[slot].incarnation, nodes[slot].sequence) = (stored.incarnation, stored.sequence)
            (nodes[slot].missing, nodes[slot].heard) = (stored.missing, stored.heard)
            nodes[slot].strained = strained  // told before
            details[slot].discarded = storedDetails.discarded
            if isNew { pursue(slot, after: nil) }
            return true
        } catch {
            return false
        }
    }

    /// Has a node's planned absence of an earlier run go on; one that is over ends with the next step. Only its end is told.
    public mutating func recall(_ pause: Pause, of key: NodeKey) {
        guard let slot = table[key.rawValue] else { return }
        details[slot].pause = pause
        nodes[slot].marks.formUnion([.paused, .excused])
        rearm(slot)
    }

    /// What was told of a node is what is so: memories may be older.
    ///
    /// A level that was away for some runs tells of a time before them. It may have seen the node leave, but trust stays.
    /// It does not see the detector: while it changes a part of it, all the rest would be copied.
    private static func standing(
        told verdicts: [Verdict?], last: Verdict?, wasHeard: Bool, heard: inout UInt8
    ) -> Standing {
        var standing = Standing()
        for (level, verdict) in verdicts.enumerated() where verdict == .suspected {
            standing.suspect(atLevel: level)
        }
        let told = ([last] + verdicts).compactMap(\.self)
        if (last ?? told.first) == .left {
            standing.leave()
        } else if told.contains(.trusted) {
            standing.phase = .trusted
        } else if told.contains(.learning) {
            standing.phase = .learning
        } else if told.contains(.suspected), wasHeard {  // else it was expected, and never heard
            standing.phase = heard < WatchedNode.confirmations ? .learning : .trusted
        }
        if standing.phase == .trusted { heard = WatchedNode.confirmations }
        if standing.phase == .learning { heard = min(heard, WatchedNode.confirmations - 1) }
        return standing
    }
}
