// What levels ask of the model: when to suspect.

extension AdaptiveModel {
    public enum Threshold: Hashable, Sendable {
        case phi(Double)
        case price(Float)
        case mistakes(MistakeBudget)
    }

    /// What one node keeps per level.
    public struct Pursuit: Sendable {
        /// When the level suspects, in nanoseconds after the last arrival; nil while no interval is known.
        fileprivate(set) var wait: Int64?
        fileprivate(set) var choice = WaitChoice()
        fileprivate(set) var steering = BudgetSteering()
    }

    /// What the nodes of one group learn together.
    public struct Commons: Sendable {
        var tables: GroupTables
        /// For each level.
        var mistakes = InlineArray<8, MistakeRecord>(repeating: MistakeRecord())
        public init(profile: LatenessProfile? = nil) { tables = GroupTables(profile) }

        /// What was learned so far, with the profile that it began with; nil while that is nothing.
        public var profile: LatenessProfile? { LatenessProfile(tables) }
    }

    public static func refusal(of policy: Policy) -> String? { nil }

    public static func threshold(for policy: Policy) -> Threshold {
        switch policy {
        case .phi(let phi): .phi(phi)
        case .price(let price): .price(Float(price))
        case .mistakes(let budget): .mistakes(budget)
        }
    }

    public static func pursuit(of threshold: Threshold) -> Pursuit { Pursuit() }
    public static func commons(_ parameters: Parameters = .init()) -> Commons { Commons(profile: parameters.profile) }

    public mutating func pursue(
        _ thresholds: [Threshold], _ pursuits: inout MutableSpan<Pursuit>, after arrival: Arrival?,
        in commons: inout Commons
    ) {
        guard isExpecting else { return }
        if arrival == nil { join(commons.tables) }
        let heartbeats = heartbeatsSinceRefit
        let menu = takeRefit() ? menu(commons) : nil
        for level in thresholds.indices {
            switch thresholds[level] {
            case .phi(let phi):
                pursuits[level].wait = Int64(saturating: suspicion.wait(until: phi).rounded(.up))
            case .price(let price):
                if let menu { pursuits[level].choice = menu.cheapest(at: price) }
                pursuits[level].wait = Int64(saturating: wait(pursuits[level].choice).rounded(.up))
            case .mistakes(let budget):
                // Mistakes made while an interval changes say nothing of predictions.
                if let arrival, !isWithheld {
                    pursuits[level].steering.account(
                        wasMistake: arrival.gap > pursuits[level].wait ?? .max, in: &commons.mistakes[min(7, level)])
                }
                if let menu {
                    pursuits[level].choice = pursuits[level].steering.choose(
                        from: menu, target: Float(budget.perHeartbeat(interval: expectedInterval)),
                        limit: budget.within.map(inIntervals) ?? .infinity, heartbeats: heartbeats,
                        group: commons.mistakes[min(7, level)])
                }
                let wait = Int64(saturating: wait(pursuits[level].choice).rounded(.up))
                pursuits[level].wait = min(wait, budget.within ?? .max)
            }
        }
    }

    public func wait(until threshold: Threshold, in pursuit: Pursuit) -> Int64? { pursuit.wait }

    public func shortfall(of threshold: Threshold, in pursuit: Pursuit) -> Shortfall? {
        pursuit.steering.shortfall(unit: inNanoseconds(interval: 1))
    }
}
