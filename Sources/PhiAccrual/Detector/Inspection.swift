/// What is known of one node at some moment.
public struct NodeStatus: Hashable, Sendable {
    public struct AtLevel: Hashable, Sendable {
        public var verdict: Verdict
        /// The policy that holds there for this node.
        public var effectivePolicy: PolicyTable.EffectivePolicy
        /// When the node is (or was) suspected if nothing more is heard; nil while no interval is known.
        public var deadline: Instant?
        /// The same as a silence, in nanoseconds.
        public var timeout: Int64?
    }
    public var key: NodeKey
    public var identity: NodeIdentity?
    public var incarnation: UInt32
    /// Of the newest heartbeat; nil if none came yet.
    public var sequence: UInt32?
    public var lastArrival: Instant?
    public var phi: Double?
    /// Interval that is expected, in nanoseconds.
    public var expected: Int64?
    public var missing: Int64
    public var discarded: Int64
    public var samples: Int
    /// Its planned absence, while there is one.
    public var pause: Pause?
    /// Since when its connection is closed; nil if it is not known to be.
    public var disconnectedAt: Instant?
    /// Since when suspicions of it are held back; nil while they are not.
    public var heldSince: Instant?
    /// In the order of the detector's levels.
    public var levels: [AtLevel]
}

extension Detector {
    /// Nil for a node that is not known.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public func status(of key: NodeKey, at now: Instant) -> NodeStatus? {
        table[key.rawValue].map { status(ofSlot: $0, at: now) }
    }

    /// After which silence nodes are suspected at a level, in nanoseconds, of those for whom the policy of this origin holds
    /// there; nil for each whose interval is not known.
    ///
    /// - Complexity: Linear in the number of nodes.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public func timeouts(atLevel level: Int, under origin: Origin) -> [Int64?] {
        nodes.indices.compactMap { slot in
            isInUse(slot) && effectivePolicy(slot, level).origin == origin ? .some(timeout(slot, level)) : nil
        }
    }

    /// What its nodes are called, as far as they said.
    public var identities: [(key: NodeKey, identity: NodeIdentity)] {
        nodes.indices.compactMap { slot in
            isInUse(slot) ? coldStates[slot].identity.map { (NodeKey(rawValue: nodes[slot].key), $0) } : nil
        }
    }

    /// Whether suspicions of anybody are held back.
    public var isHolding: Bool { !holds.active.isEmpty }

    public func knows(_ key: NodeKey) -> Bool { table[key.rawValue] != nil }

    /// The nodes in places from `cursor` on, at most `limit` of them, and where to go on; nil after the last.
    /// A node present throughout is met exactly once.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public func statuses(from cursor: Int, limit: Int, at now: Instant) -> (page: [NodeStatus], next: Int?) {
        var page: [NodeStatus] = []
        var slot = max(0, cursor)
        while slot < nodes.count, page.count < limit {
            if table[nodes[slot].key] == slot { page.append(status(ofSlot: slot, at: now)) }
            slot += 1
        }
        return (page, slot < nodes.count ? slot : nil)
    }

    /// How suspicious the node's silence would be at `now` if nothing came before; nil if it is unknown, or φ is, and
    /// for a node that left.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public func phi(of key: NodeKey, at now: Instant) -> Double? {
        table[key.rawValue].flatMap { nodes[$0].state.isWatched ? phi(ofSlot: $0, at: now) : nil }
    }

    /// When the node is suspected at a level if nothing more comes; nil if it is unknown, or the deadline is.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public func deadline(of key: NodeKey, level: Int = 0) -> Instant? {
        table[key.rawValue].flatMap { deadline(ofSlot: $0, level: level) }
    }

    /// Acts on every deadline before `instant` as an observer would who is never late: each at its own instant.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public mutating func advanceIdeally(before instant: Instant, into events: inout [Event]) {
        while let next = nextDeadline, next < instant { advance(to: next, into: &events) }
    }

    /// By this detector, or in an earlier run.
    func lastHeard(_ slot: Int) -> Int64 {
        let arrival = nodes[slot].lastArrival
        return nodes[slot].flags.contains(.exempt) ? min(arrival, coldStates[slot].silentSince ?? arrival) : arrival
    }

    private func phi(ofSlot slot: Int, at now: Instant) -> Double? {
        models[slot].phi(after: max(0, now.nanoseconds.subtractingSaturated(nodes[slot].lastArrival)))
    }

    private func deadline(ofSlot slot: Int, level: Int) -> Instant? {
        let deadline = deadlines[slot * levelCount + level]
        return deadline == .max ? nil : Instant(nanoseconds: deadline)
    }

    private func status(ofSlot slot: Int, at now: Instant) -> NodeStatus {
        let (node, model) = (nodes[slot], models[slot])
        let isHeard = node.state.phase != .new
        let isWatched = node.state.isWatched
        return NodeStatus(
            key: NodeKey(rawValue: node.key), identity: coldStates[slot].identity, incarnation: node.incarnation,
            sequence: isHeard ? node.sequence : nil,
            lastArrival: isHeard ? Instant(nanoseconds: lastHeard(slot)) : nil,
            phi: isWatched ? phi(ofSlot: slot, at: now) : nil, expected: model.expectedGap, missing: node.missing,
            discarded: coldStates[slot].discarded, samples: model.samples, pause: coldStates[slot].pause,
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
