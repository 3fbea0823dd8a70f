/// Everything that can be had at one time: for each family and state every edge, with the mean wait and the share of
/// mistakes that suspecting there costs.
struct TimeoutCandidates: ~Copyable {
    /// Mean wait after the last arrival, in intervals: for each edge of each family.
    private var timeouts = InlineArray<138, Float>(repeating: 0)
    /// Share of heartbeats that come later: for each edge of each state, where its bucket is among all.
    private var shares = InlineArray<415, Float>(repeating: 1)
    /// Share of heartbeats that meet each state.
    private var weights = InlineArray<10, Float>(repeating: 0)
    /// Heartbeats that the shares rest on.
    private var known: Float = 0
    /// Share of heartbeats so late that they are mistaken at any price.
    private var unavoidable: Float = 0
    /// The same of the node's own, once there were a few.
    private(set) var outages: Float = 0

    /// How many outages are more than bad luck.
    private static let fewOutages: Float = 3
    /// How many heartbeats each state borrows from the family's states together.
    private static let borrowedFromStates: Float = 10
    /// How much of a state's tail is its family's, for each heartbeat of its own: few make a tail that looks too light.
    /// Those borrowed from the family have its tail.
    private static let familyTail: Float = 0.5

    /// Whether there is anything to choose from.
    static func isKnown(_ own: borrowing LatenessHistograms, _ group: borrowing GroupHistograms) -> Bool {
        if own.total > 0 { return true }
        return hasOthers(own, group)
    }

    /// By exact totals: what single counts of one byte differ by may be but their roughness.
    private static func hasOthers(_ own: borrowing LatenessHistograms, _ group: borrowing GroupHistograms) -> Bool {
        group.total - Float(own.total) > PooledHistogram.minGroup
    }

    /// - Precondition: Something is known.
    /// - Parameters:
    ///   - centre: Where the schedule expects the next heartbeat, in intervals.
    ///   - scale: Its scale, in intervals.
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
            var pretended = InlineArray<46, Float>(repeating: 0)
            for edge in family.firstEdge..<family.edgeCount {
                let timeout =
                    meanTimeout.intercept + meanTimeout.slope * LatenessBuckets.edge(edge, early: family.early)
                timeouts[family.rawValue * 46 + edge] = timeout
                pretended[edge] = PseudoCountPrior.share(longerThan: timeout)
            }
            for state in family.states { fit(state, pool, counts.span, others.span, pretended.span) }
        }
    }

    /// Fills in the shares of one state.
    private mutating func fit(
        _ state: Int, _ pool: borrowing PooledHistogram, _ own: Span<Float>, _ others: Span<Float>,
        _ pretended: Span<Float>
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
        let pretendedPart = PseudoCountPrior.part(of: known)
        for edge in family.firstEdge..<edgeCount {
            let share = min(1, shares[first + edge] + beyond * perHeartbeat)
            shares[first + edge] = share + pretendedPart * (pretended[edge] - share)
        }
    }

    // MARK: Choosing

    /// The family, and the edge in each of its states, where wait plus price times share is least on average.
    ///
    /// Shares fall in steps, so there are many local minima: all are looked at. At equal cost the first.
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

    /// Share of heartbeats that a choice would mistake and another would not: in all, and the part of it that was seen and
    /// is not only thought possible.
    /// - Parameter limit: No wait is longer than this, in intervals.
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

    /// The longest of a choice's mean waits, among the states that are met; in intervals.
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

    /// Before anything is learned: five intervals after the last arrival.
    init() { self.init(.last, edge: Self.initialEdge) }
    private static let initialEdge: UInt8 = 34
    /// Whether it may be that nothing was chosen yet.
    var isInitial: Bool { family == .last && edges[0] == Self.initialEdge }
    init(_ family: Family, edge: UInt8 = 0) { (self.family, edges) = (family, .init(repeating: edge)) }

    /// In scales.
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
            throw CorruptData("there is no such family")
        }
        self.init(family)
        for state in edges.indices { edges[state] = try reader.integer(in: 0...UInt8(family.edgeCount - 1)) }
    }
}
