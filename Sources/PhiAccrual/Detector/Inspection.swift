/// State of one node at some instant.
public struct NodeStatus: Hashable, Sendable {
    public struct AtLevel: Hashable, Sendable {
        public var verdict: Verdict
        /// The node's effective policy at this level.
        public var effectivePolicy: PolicyTable.EffectivePolicy
        /// When the node is (or was) suspected if no heartbeat arrives; nil while no interval is known.
        public var deadline: Instant?
        /// The silence after which the level suspects the node, in nanoseconds.
        public var timeout: Int64?
    }
    public var key: NodeKey
    public var identity: NodeIdentity?
    public var incarnation: UInt32
    /// Sequence of the newest heartbeat; nil if none arrived yet.
    public var sequence: UInt32?
    public var lastArrival: Instant?
    public var phi: Double?
    /// Expected interval, in nanoseconds.
    public var expected: Int64?
    public var missing: Int64
    public var discarded: Int64
    public var samples: Int
    /// Its planned absence; nil without one.
    public var pause: Pause?
    /// When its connection closed; nil if it is not known to be closed.
    public var disconnectedAt: Instant?
    /// When the hold that covers the node began; nil without one.
    public var heldSince: Instant?
    /// In the order of the detector's levels.
    public var levels: [AtLevel]
}

extension Detector {
    /// Nil if the node is unknown.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public func status(of key: NodeKey, at now: Instant) -> NodeStatus? {
        nodes.slot(of: key).map { status(ofSlot: $0, at: now) }
    }

    /// Timeouts, in nanoseconds, of the nodes whose effective policy at a level has this origin; nil for each node
    /// whose interval is unknown.
    ///
    /// - Complexity: Linear in the number of nodes.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public func timeouts(atLevel level: Int, under origin: Origin) -> [Int64?] {
        nodes.slots.compactMap { slot in
            nodes.isInUse(slot) && effectivePolicy(slot, level).origin == origin ? .some(timeout(slot, level)) : nil
        }
    }

    /// The nodes whose name was announced.
    public var identities: [(key: NodeKey, identity: NodeIdentity)] {
        nodes.slots.compactMap { slot in
            nodes.isInUse(slot) ? nodes.coldStates[slot].identity.map { (NodeKey(rawValue: nodes[slot].key), $0) } : nil
        }
    }

    public func knows(_ key: NodeKey) -> Bool { nodes.slot(of: key) != nil }

    /// Status of at most `limit` nodes in slots from `cursor` on, and the next cursor; nil after the last slot. A node
    /// that is present throughout appears exactly once.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public func statuses(from cursor: Int, limit: Int, at now: Instant) -> (page: [NodeStatus], next: Int?) {
        var page: [NodeStatus] = []
        var slot = max(0, cursor)
        while slot < nodes.slots.count, page.count < limit {
            if nodes.isInUse(slot) { page.append(status(ofSlot: slot, at: now)) }
            slot += 1
        }
        return (page, slot < nodes.slots.count ? slot : nil)
    }

    /// φ of the node's silence at `now` if no heartbeat arrives before; nil if the node is unknown, was never heard, or
    /// left, and if φ is unknown.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public func phi(of key: NodeKey, at now: Instant) -> Double? {
        nodes.slot(of: key).flatMap { nodes[$0].state.isWatched ? phi(ofSlot: $0, at: now) : nil }
    }

    /// When a level suspects the node if no heartbeat arrives; nil if the node or the deadline is unknown.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public func deadline(of key: NodeKey, level: Int = 0) -> Instant? {
        nodes.slot(of: key).flatMap { deadline(ofSlot: $0, level: level) }
    }

    /// Handles every deadline before `instant` at its own instant, like an observer that is never late.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public mutating func advanceIdeally(before instant: Instant, into events: inout [Event]) {
        while let next = nextDeadline, next < instant { advance(to: next, into: &events) }
    }

    /// When the node was last heard, by this detector or in an earlier run.
    func lastHeard(_ slot: Int) -> Int64 {
        let arrival = nodes[slot].lastArrival
        return nodes[slot].flags.contains(.exempt)
            ? min(arrival, nodes.coldStates[slot].silentSince ?? arrival) : arrival
    }

    private func phi(ofSlot slot: Int, at now: Instant) -> Double? {
        nodes.models[slot].phi(after: max(0, now.nanoseconds.subtractingSaturated(nodes[slot].lastArrival)))
    }

    private func deadline(ofSlot slot: Int, level: Int) -> Instant? {
        let deadline = schedule[slot, level]
        return deadline == DeadlineSchedule.none ? nil : Instant(nanoseconds: deadline)
    }

    private func status(ofSlot slot: Int, at now: Instant) -> NodeStatus {
        let (node, model) = (nodes[slot], nodes.models[slot])
        let isHeard = node.state.phase != .new
        let isWatched = node.state.isWatched
        return NodeStatus(
            key: NodeKey(rawValue: node.key), identity: nodes.coldStates[slot].identity, incarnation: node.incarnation,
            sequence: isHeard ? node.sequence : nil,
            lastArrival: isHeard ? Instant(nanoseconds: lastHeard(slot)) : nil,
            phi: isWatched ? phi(ofSlot: slot, at: now) : nil, expected: model.expectedGap, missing: node.missing,
            discarded: nodes.coldStates[slot].discarded, samples: model.samples, pause: nodes.coldStates[slot].pause,
            disconnectedAt: disconnectedAt(slot).map(Instant.init(nanoseconds:)),
            heldSince: holds.publishedSince(for: node).map(Instant.init(nanoseconds:)),
            levels: (0..<levelCount).map { level in
                NodeStatus.AtLevel(
                    verdict: node.state.verdict(atLevel: level), effectivePolicy: effectivePolicy(slot, level),
                    deadline: isWatched ? deadline(ofSlot: slot, level: level) : nil,
                    timeout: isWatched ? timeout(slot, level) : nil)
            })
    }
}
