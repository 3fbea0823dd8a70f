// What levels ask of the model: where to suspect, and how suspicious a silence is.

extension AdaptiveModel {
    public enum Threshold: Hashable, Sendable {
        case phi(Double)
        case price(Float)
        case mistakes(MistakeBudget)
    }

    /// What one node keeps per level.
    public struct Pursuit: Hashable, Sendable {
        /// Family and lateness that are suspected at.
        var family: UInt8 = 0
        var lateness: Float = AdaptiveModel.firstLateness
        var steering = BudgetSteering()
    }

    /// Before anything is learned: a wait of five intervals.
    static let firstLateness: Float = 4

    public static func refusal(of policy: Policy) -> String? { nil }

    public static func threshold(for policy: Policy) -> Threshold {
        switch policy {
        case .phi(let phi): .phi(phi)
        case .price(let price): .price(Float(price))
        case .mistakes(let budget): .mistakes(budget)
        }
    }

    public static func pursuit(of threshold: Threshold) -> Pursuit { Pursuit() }

    public mutating func pursue(_ thresholds: [Threshold], _ pursuits: inout MutableSpan<Pursuit>) {
        let isRefit = takeRefit()
        for level in thresholds.indices {
            guard case .mistakes = thresholds[level] else { continue }
            pursuits[level].steering.account(gap: lastGap)
        }
        defer {
            for level in thresholds.indices {
                guard case .mistakes = thresholds[level] else { continue }
                pursuits[level].steering.promise(wait: Float(wait(pursuits[level])))
            }
        }
        guard isRefit else { return }
        let menu = menu
        for level in thresholds.indices {
            let item: Int
            switch thresholds[level] {
            case .phi: continue  // read off the unsmoothed histogram whenever it is asked for
            case .price(let price): item = menu.cheapest(at: price)
            case .mistakes(let budget):
                let target = Float(budget.perHeartbeat(interval: expectedInterval))
                item = pursuits[level].steering.choose(from: menu, target: target, heartbeats: Self.refitEvery)
            }
            pursuits[level].family = UInt8(WaitMenu.family(of: item))
            pursuits[level].lateness = WaitMenu.lateness(of: item)
        }
    }

    public func wait(until threshold: Threshold, in pursuit: Pursuit) -> Int64? {
        guard isExpecting else { return nil }
        switch threshold {
        case .phi(let phi): return Int64(saturating: suspicionWait(phi).rounded(.up))
        case .price: return wait(pursuit)
        case .mistakes(let budget): return min(wait(pursuit), budget.within ?? .max)
        }
    }

    private func wait(_ pursuit: Pursuit) -> Int64 {
        Int64(saturating: family(pursuit.family).wait(Double(pursuit.lateness)).rounded(.up))
    }
}
