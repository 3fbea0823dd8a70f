/// Everything that can be had at one time: for each family and state every edge, with the mean wait and the share of
/// mistakes that suspecting there costs.
struct WaitMenu {
    /// Mean wait after the last arrival, in intervals: for each edge of each family.
    private var waits = InlineArray<138, Float>(repeating: 0)
    /// Share of heartbeats that come later: for each edge of each state, where its bucket is among all.
    private var shares = InlineArray<415, Float>(repeating: 1)
    /// Share of heartbeats that meet each state.
    private var weights = InlineArray<10, Float>(repeating: 0)
    private let hasOthers: Bool
    /// Heartbeats that the shares rest on.
    private var known: Float = 0
    /// Share of heartbeats so late that they are mistaken at any price.
    private var unavoidable: Float = 0

    /// How many of the group's heartbeats a node borrows at most, for each state.
    private static let borrowedFromGroup: Float = 300
    /// Groups that know less than this lend nothing.
    private static let leastGroup: Float = 30
    /// How many heartbeats each state borrows from the family's states together.
    private static let borrowedFromStates: Float = 10
    /// How much of a state's tail is its family's, for each heartbeat of its own: few make a tail that looks too light.
    /// Those borrowed from the family have its tail.
    private static let familyTail: Float = 0.5

    /// Nil if nothing is known yet.
    /// - Parameters:
    ///   - centre: Where the schedule expects the next heartbeat, in intervals.
    ///   - scale: Its scale, in intervals.
    init?(_ own: borrowing LatenessTables, _ group: borrowing GroupTables, nextCentre centre: Float, scale: Float) {
        // By exact totals: what single counts of one byte differ by may be but their roughness.
        hasOthers = group.total - Float(own.total) > Self.leastGroup
        guard own.total > 0 || hasOthers else { return nil }
        for family in Family.allCases {
            fit(family, own, group, meanWait: own.meanWait(family, nextCentre: centre, scale: scale))
        }
    }

    /// How much of each of the others' heartbeats is borrowed, if there are so many.
    private func lent(of others: Float) -> Float {
        hasOthers && others > Self.leastGroup ? min(1, Self.borrowedFromGroup / others) : 0
    }

    private mutating func fit(
        _ family: Family, _ own: borrowing LatenessTables, _ group: borrowing GroupTables,
        meanWait: (intercept: Float, slope: Float)
    ) {
        let (early, edgeCount) = (family.early, family.edgeCount)
        // The family's states together, the node's own and the others'.
        var pooled = InlineArray<46, Float>(repeating: 0)
        var others = InlineArray<46, Float>(repeating: 0)
        var (pooledTotal, othersTotal): (Float, Float) = (0, 0)
        for state in family.states {
            let first = family.firstBucket(ofState: state)
            for bucket in 0...edgeCount {
                let count = own.counts[first + bucket].value
                pooled[bucket] += count
                pooledTotal += count
                others[bucket] += max(0, group.counts[first + bucket] - count)
            }
        }
        for bucket in 0...edgeCount { othersTotal += others[bucket] }
        let lent = lent(of: othersTotal)
        known = pooledTotal + lent * othersTotal
        var all = InlineArray<46, Float>(repeating: 0)
        // What lies beyond the last edge must not shape the tail: one outage would.
        for bucket in 0..<edgeCount { all[bucket] = pooled[bucket] + lent * others[bucket] }
        let allBeyond = pooled[edgeCount] + lent * others[edgeCount]
        if family == .last { unavoidable = allBeyond / known }
        let survival = LatenessSurvival(all, of: family, total: known)
        let familyShares = Self.shares(survival, of: family, tail: survival.tail)

        let firstWait = family.rawValue * 46
        var pretended = InlineArray<46, Float>(repeating: 0)
        for edge in family.firstEdge..<edgeCount {
            let wait = meanWait.intercept + meanWait.slope * LatenessBuckets.edge(edge, early: early)
            waits[firstWait + edge] = wait
            pretended[edge] = PretendedHeartbeat.share(longerThan: wait)
        }

        for state in family.states {
            let first = family.firstBucket(ofState: state)
            var counts = InlineArray<46, Float>(repeating: 0)
            var (ownTotal, stateOthers): (Float, Float) = (0, 0)
            for bucket in 0...edgeCount {
                let count = own.counts[first + bucket].value
                ownTotal += count
                stateOthers += max(0, group.counts[first + bucket] - count)
            }
            let stateLent = self.lent(of: stateOthers)
            let fromStates = family.states.count > 1 ? Self.borrowedFromStates / known : 0
            for bucket in 0..<edgeCount {
                let count = own.counts[first + bucket].value
                counts[bucket] =
                    count + fromStates * all[bucket]
                    + stateLent * max(0, group.counts[first + bucket] - count)
            }
            let lastOwn = own.counts[first + edgeCount].value
            let beyond =
                lastOwn + fromStates * allBeyond
                + stateLent * max(0, group.counts[first + edgeCount] - lastOwn)
            let total = max(1e-3, ownTotal + fromStates * known + stateLent * stateOthers)
            let familyPart = 1 - (1 - Self.familyTail) * (1 - fromStates * known / total)
            weights[state] = (ownTotal + lent * stateOthers) / known

            let survival = LatenessSurvival(counts, of: family, total: total)
            let tail = survival.tail
            var (ownTail, below) = (Float(1), familyShares[survival.tailEdge])
            let atTail = survival.shareAtTail(unseen: 0.5 * min(1, total / known))
            if below <= 0 { below = 1 }
            for edge in family.firstEdge..<edgeCount {
                var share: Float
                if edge < survival.tailEdge {
                    share = survival.above[edge] / total
                } else {
                    let familyTail = familyShares[edge] / below
                    share = atTail * (familyPart * familyTail + (1 - familyPart) * ownTail)
                    ownTail *= tail.fall(after: edge - early)
                }
                share = min(1, share + beyond / total)
                shares[first + edge] = PretendedHeartbeat.mixed(share, of: known, with: pretended[edge])
            }
        }
    }

    private static func shares(_ survival: LatenessSurvival, of family: Family, tail: ParetoTail) -> InlineArray<
        46, Float
    > {
        var shares = InlineArray<46, Float>(repeating: 0)
        var share = survival.shareAtTail()
        for edge in family.firstEdge..<family.edgeCount {
            if edge < survival.tailEdge {
                shares[edge] = survival.above[edge] / survival.total
            } else {
                shares[edge] = share
                share *= tail.fall(after: edge - family.early)
            }
        }
        return shares
    }

    // MARK: Choosing

    /// The family, and the edge in each of its states, where wait plus price times share is least on average.
    ///
    /// Shares fall in steps, so there are many local minima: all are looked at. At equal cost the first.
    func cheapest(at price: Float) -> WaitChoice {
        var best = WaitChoice()
        var least = Float.infinity
        for family in Family.allCases {
            var choice = WaitChoice(family)
            var cost: Float = 0
            for state in family.states {
                let first = family.firstBucket(ofState: state)
                var (edgeOfState, leastOfState) = (family.firstEdge, Float.infinity)
                for edge in family.firstEdge..<family.edgeCount {
                    let cost = waits[family.rawValue * 46 + edge] + price * shares[first + edge]
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
    func share(of choice: WaitChoice, limit: Float = .infinity) -> (all: Float, seen: Float) {
        let family = choice.family
        var (all, possible): (Float, Float) = (0, 0)
        for state in family.states {
            var edge = Int(choice.edges[state - family.firstState])
            while edge > family.firstEdge, waits[family.rawValue * 46 + edge] > limit { edge -= 1 }
            all += weights[state] * shares[family.firstBucket(ofState: state) + edge]
            let wait = waits[family.rawValue * 46 + edge]
            possible += weights[state] * PretendedHeartbeat.part(of: known, longerThan: wait)
        }
        return (max(0, all - unavoidable), max(0, all - possible - unavoidable))
    }

    /// The longest of a choice's mean waits, among the states that are met; in intervals.
    func longestWait(of choice: WaitChoice) -> Float {
        var longest: Float = 0
        for state in choice.family.states where weights[state] > 0.001 {
            longest = max(
                longest, waits[choice.family.rawValue * 46 + Int(choice.edges[state - choice.family.firstState])])
        }
        return longest
    }
}

/// A family, and for each of its states the edge at which to suspect.
struct WaitChoice: Sendable {
    var family: Family
    var edges: InlineArray<6, UInt8>

    /// Before anything is learned: five intervals after the last arrival.
    init() { self.init(.last, edge: 34) }
    init(_ family: Family, edge: UInt8 = 0) { (self.family, edges) = (family, .init(repeating: edge)) }

    /// In scales.
    func lateness(inState state: Int) -> Float {
        let edge = edges[min(edges.count - 1, max(0, state - family.firstState))]
        return LatenessBuckets.edge(Int(edge), early: family.early)
    }
}
