/// The histogram of one family, all states pooled: the node's own heartbeats and those borrowed from its group.
struct PooledHistogram: ~Copyable {
    let family: Family
    /// Number of heartbeats in each bucket, including borrowed ones. Heartbeats beyond the last edge are excluded: a
    /// single outage would shape the tail.
    private(set) var counts = InlineArray<46, Float>(repeating: 0)
    /// Number of heartbeats beyond the last edge, and in total; both include borrowed ones.
    private(set) var beyond: Float = 0
    private(set) var known: Float = 0
    /// The node's own heartbeats beyond the last edge.
    private(set) var ownBeyond: Float = 0
    /// Number of heartbeats in each of the family's states: the node's own, and those of the rest of its group.
    private(set) var totals = InlineArray<6, (own: Float, others: Float)>(repeating: (0, 0))
    /// Weight of each of the other nodes' heartbeats: 0 ... 1.
    private(set) var lent: Float = 0
    /// Share of heartbeats later than each edge, over all that the node and its group saw. All data together shows best
    /// how the tail falls.
    private(set) var shares = InlineArray<46, Float>(repeating: 0)

    /// Maximum number of the group's heartbeats that a node borrows for each state.
    private static let borrowed: Float = 300
    /// A group lends nothing unless it has more heartbeats than this.
    static let minGroup: Float = 30

    /// Weight of each of `others` heartbeats.
    static func lent(of others: Float) -> Float { others > minGroup ? min(1, borrowed / others) : 0 }

    /// - Parameters:
    ///   - own: The node's heartbeats in each bucket of all families.
    ///   - others: Those of the other nodes in its group.
    init(_ family: Family, _ own: Span<Float>, _ others: Span<Float>) {
        self.family = family
        let last = family.edgeCount
        var pooled = InlineArray<46, Float>(repeating: 0)
        var pooledOthers = InlineArray<46, Float>(repeating: 0)
        var sum: (own: Float, others: Float) = (0, 0)
        for state in family.states {
            let first = family.firstBucket(ofState: state)
            var total: (own: Float, others: Float) = (0, 0)
            for bucket in 0...last {
                pooled[bucket] += own[first + bucket]
                pooledOthers[bucket] += others[first + bucket]
                total.own += own[first + bucket]
                total.others += others[first + bucket]
            }
            totals[state - family.firstState] = total
            sum.own += total.own
            sum.others += total.others
        }
        lent = Self.lent(of: sum.others)
        known = sum.own + lent * sum.others
        ownBeyond = pooled[last]
        beyond = ownBeyond + lent * pooledOthers[last]
        var seen = InlineArray<46, Float>(repeating: 0)
        for bucket in 0..<last {
            counts[bucket] = pooled[bucket] + lent * pooledOthers[bucket]
            seen[bucket] = pooled[bucket] + pooledOthers[bucket]
        }
        fit(LatenessSurvival(seen.span, of: family, total: sum.own + sum.others))
    }

    private mutating func fit(_ survival: borrowing LatenessSurvival) {
        let (above, perHeartbeat, tail) = (survival.above.span, 1 / survival.total, survival.tail)
        for edge in family.firstEdge..<survival.tailEdge { shares[edge] = above[edge] * perHeartbeat }
        var share = survival.shareAtTail()
        for edge in survival.tailEdge..<family.edgeCount {
            shares[edge] = share
            share *= tail.fall(after: edge - family.early)
        }
    }
}
