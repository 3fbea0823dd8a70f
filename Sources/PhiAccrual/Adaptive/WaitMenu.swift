/// Everything that can be had at one time: each family's every edge, with the mean wait and the share of mistakes that
/// suspecting there would cost.
struct WaitMenu {
    static let count = FamilyKind.count * LatenessHistogram.edgeCount

    /// Mean wait after the last arrival, in intervals.
    private(set) var waits = InlineArray<165, Float>(repeating: .infinity)
    /// Share of heartbeats that come later.
    private(set) var shares = InlineArray<165, Float>(repeating: 1)

    init(_ families: borrowing InlineArray<3, Family>, total: UInt32, smoothing: Float) {
        for number in 0..<FamilyKind.count {
            let lowest = FamilyKind.lowest(of: number)
            let (intercept, slope) = families[number].meanWait(total: total)
            let survival = LatenessSurvival(
                families[number].histogram, total: total, lowest: lowest, smoothing: smoothing)
            let first = number * LatenessHistogram.edgeCount
            survival.forEachEdge { edge, share in
                let wait = intercept + slope * LatenessHistogram.edge(edge, lowest: lowest)
                waits[first + edge] = wait
                shares[first + edge] = PretendedHeartbeat.mixed(share, of: Float(total), withWait: wait)
            }
        }
    }

    /// Where wait plus price times share is least. Shares fall in steps, so there are many local minima: all are looked
    /// at. At equal cost the first.
    func cheapest(at price: Float) -> Int {
        var (best, least) = (0, Float.infinity)
        for item in 0..<Self.count {
            let cost = waits[item] + price * shares[item]
            if cost < least { (best, least) = (item, cost) }
        }
        return best
    }

    static func family(of item: Int) -> Int { item / LatenessHistogram.edgeCount }
    static func lateness(of item: Int) -> Float {
        let family = family(of: item)
        return LatenessHistogram.edge(
            item - family * LatenessHistogram.edgeCount, lowest: FamilyKind.lowest(of: family))
    }
}
