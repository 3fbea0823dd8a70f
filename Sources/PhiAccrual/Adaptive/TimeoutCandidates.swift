import BinaryCoding

/// All timeouts available at one moment: for each edge of each family and state, the mean timeout and the share of
/// mistakes of suspecting there.
struct TimeoutCandidates: ~Copyable {
    /// Mean timeout after the last arrival, in intervals: for each edge of each family.
    private var timeouts = InlineArray<138, Float>(repeating: 0)
    /// Share of heartbeats that come later: for each edge of each state, at the index of its bucket among all buckets.
    private var shares = InlineArray<415, Float>(repeating: 1)
    /// Share of heartbeats in each state.
    private var weights = InlineArray<10, Float>(repeating: 0)
    /// Number of heartbeats that the shares are based on.
    private var known: Float = 0
    /// Share of heartbeats that are so late that every price makes a mistake.
    private var unavoidable: Float = 0
    /// The same share of the node's own heartbeats; 0 until there are `fewOutages` of them.
    private(set) var outages: Float = 0

    /// Number of outages that are more than bad luck.
    private static let fewOutages: Float = 3
    /// Number of heartbeats that each state borrows from all states of the family together.
    private static let borrowedFromStates: Float = 10
    /// Share of the family's tail in a state's tail, for each heartbeat of the state's own: few heartbeats make a tail
    /// that looks too light. Heartbeats borrowed from the family have its tail.
    private static let familyTail: Float = 0.5

    /// Whether there is any data to choose from.
    static func isKnown(_ own: borrowing LatenessHistograms, _ group: borrowing GroupHistograms) -> Bool {
        if own.total > 0 { return true }
        return hasOthers(own, group)
    }

    /// Compares exact totals. Single one-byte counts may differ only because they are approximate.
    private static func hasOthers(_ own: borrowing LatenessHistograms, _ group: borrowing GroupHistograms) -> Bool {
        group.total - Float(own.total) > PooledHistogram.minGroup
    }

    /// - Precondition: `isKnown` is true of the histograms.
    /// - Parameters:
    ///   - centre: When the schedule expects the next heartbeat, in intervals.
    ///   - scale: The scale of that heartbeat's lateness, in intervals.
    init(
        _ own: borrowing LatenessHistograms, _ group: borrowing GroupHistograms, nextCentre centre: Float, scale: Float
    ) {
        let counts = own.values()
        let others = Self.hasOthers(own, group) ? group.others(than: counts.span) : .init(repeating: 0)
        for family in Family.allCases {
            let pool = PooledHistogram(family, counts.span, others.span)
            known = pool.known
            if family == .last {
                unavoidable = pool.beyond / known
                outages = pool.ownBeyond >= Self.fewOutages ? pool.ownBeyond / pool.totals[0].own : 0
            }
            let meanTimeout = own.meanTimeout(family, nextCentre: centre, scale: scale)
            var prior = InlineArray<46, Float>(repeating: 0)
            for edge in family.firstEdge..<family.edgeCount {
                let timeout =
                    meanTimeout.intercept + meanTimeout.slope * LatenessBuckets.edge(edge, early: family.early)
                timeouts[family.rawValue * 46 + edge] = timeout
                prior[edge] = PseudoCountPrior.share(longerThan: timeout)
            }
            for state in family.states { fit(state, pool, counts.span, others.span, prior.span) }
        }
    }

    /// Computes the shares of one state.
    private mutating func fit(
        _ state: Int, _ pool: borrowing PooledHistogram, _ own: Span<Float>, _ others: Span<Float>,
        _ prior: Span<Float>
    ) {
        let family = pool.family
        let (first, edgeCount) = (family.firstBucket(ofState: state), family.edgeCount)
        let sum = pool.totals[state - family.firstState]
        let lent = PooledHistogram.lent(of: sum.others)
        let fromStates = family.states.count > 1 ? Self.borrowedFromStates / known : 0
        var counts = InlineArray<46, Float>(repeating: 0)
        let pooled = pool.counts.span
        for bucket in 0..<edgeCount {
            counts[bucket] = own[first + bucket] + fromStates * pooled[bucket] + lent * others[first + bucket]
        }
        let beyond = own[first + edgeCount] + fromStates * pool.beyond + lent * others[first + edgeCount]
        let total = max(1e-3, sum.own + fromStates * known + lent * sum.others)
        weights[state] = (sum.own + pool.lent * sum.others) / known

        let survival = LatenessSurvival(counts.span, of: family, total: total)
        let (above, perHeartbeat, tail) = (survival.above.span, 1 / total, survival.tail)
        for edge in family.firstEdge..<survival.tailEdge { shares[first + edge] = above[edge] * perHeartbeat }
        let familyPart = 1 - (1 - Self.familyTail) * (1 - fromStates * known / total)
        let atTail = survival.shareAtTail(unseen: 0.5 * min(1, total / known))
        let familyShares = pool.shares.span
        let familyAtTail = atTail * familyPart / familyShares[survival.tailEdge]
        var ownTail = atTail * (1 - familyPart)
        for edge in survival.tailEdge..<edgeCount {
            shares[first + edge] = familyAtTail * familyShares[edge] + ownTail
            ownTail *= tail.fall(after: edge - family.early)
        }
        let priorPart = PseudoCountPrior.part(of: known)
        for edge in family.firstEdge..<edgeCount {
            let share = min(1, shares[first + edge] + beyond * perHeartbeat)
            shares[first + edge] = share + priorPart * (prior[edge] - share)
        }
    }

    // MARK: Choosing

    /// The family, and the edge in each of its states, with the lowest mean of timeout plus price times share.
    ///
    /// Shares fall in steps, so there are many local minima, and all edges are compared. Of equal costs, the first
    /// wins.
    func minimumCost(at price: Float) -> TimeoutChoice {
        let (timeouts, shares) = (timeouts.span, shares.span)
        var best = TimeoutChoice()
        var least = Float.infinity
        for family in Family.allCases {
            var choice = TimeoutChoice(family)
            var cost: Float = 0
            for state in family.states {
                let first = family.firstBucket(ofState: state)
                var (edgeOfState, leastOfState) = (family.firstEdge, Float.infinity)
                for edge in family.firstEdge..<family.edgeCount {
                    let cost = timeouts[family.rawValue * 46 + edge] + price * shares[first + edge]
                    if cost < leastOfState { (edgeOfState, leastOfState) = (edge, cost) }
                }
                choice.edges[state - family.firstState] = UInt8(edgeOfState)
                cost += weights[state] * leastOfState
            }
            if cost < least { (best, least) = (choice, cost) }
        }
        return best
    }

    /// Share of heartbeats for which a choice makes a mistake that another choice would avoid: in total, and without
    /// the part that only the prior predicts.
    /// - Parameter limit: Maximum timeout, in intervals.
    func share(of choice: TimeoutChoice, limit: Float = .infinity) -> (all: Float, seen: Float) {
        let family = choice.family
        var (all, possible): (Float, Float) = (0, 0)
        for state in family.states {
            var edge = Int(choice.edges[state - family.firstState])
            while edge > family.firstEdge, timeouts[family.rawValue * 46 + edge] > limit { edge -= 1 }
            all += weights[state] * shares[family.firstBucket(ofState: state) + edge]
            let timeout = timeouts[family.rawValue * 46 + edge]
            possible += weights[state] * PseudoCountPrior.part(of: known) * PseudoCountPrior.share(longerThan: timeout)
        }
        return (max(0, all - unavoidable), max(0, all - possible - unavoidable))
    }

    /// Maximum of a choice's mean timeouts, over the states that occur; in intervals.
    func maxTimeout(of choice: TimeoutChoice) -> Float {
        var longest: Float = 0
        for state in choice.family.states where weights[state] > 0.001 {
            longest = max(
                longest, timeouts[choice.family.rawValue * 46 + Int(choice.edges[state - choice.family.firstState])])
        }
        return longest
    }
}

/// A family, and for each of its states the edge at which to suspect.
struct TimeoutChoice: Sendable {
    var family: Family
    var edges: InlineArray<6, UInt8>

    /// The choice before anything is learned: 5.2 intervals after the last arrival.
    init() { self.init(.last, edge: Self.initialEdge) }
    private static let initialEdge: UInt8 = 34
    /// Whether this equals the initial choice, so that possibly nothing was chosen yet.
    var isInitial: Bool { family == .last && edges[0] == Self.initialEdge }
    init(_ family: Family, edge: UInt8 = 0) { (self.family, edges) = (family, .init(repeating: edge)) }

    /// Lateness at which to suspect, in scales after the centre.
    func lateness(inState state: Int) -> Float {
        let edge = edges[min(edges.count - 1, max(0, state - family.firstState))]
        return LatenessBuckets.edge(Int(edge), early: family.early)
    }
}

extension TimeoutChoice: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(UInt8(family.rawValue))
        for state in edges.indices { writer.write(edges[state]) }
    }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        guard let family = Family(rawValue: Int(try reader.integer(UInt8.self))) else {
            throw CorruptData("unknown lateness family")
        }
        self.init(family)
        for state in edges.indices { edges[state] = try reader.integer(in: 0...UInt8(family.edgeCount - 1)) }
    }
}
