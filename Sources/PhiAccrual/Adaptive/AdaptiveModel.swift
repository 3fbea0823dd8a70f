/// The default detector: it learns which of a few ways of expecting the next heartbeat fits a node, and how late
/// heartbeats come beyond that.
///
/// A *family* says where the next arrival is expected (its centre) and in what unit lateness is counted (its scale). Each
/// has one histogram of lateness. A level asks for the family and lateness that cost least; φ is asked of one family.
/// `docs/adaptive-experiments.md` tells what was tried.
public struct AdaptiveModel: ArrivalModel {
    public struct Parameters: Hashable, Sendable { public init() {} }

    // Times are nanoseconds.
    private var families = InlineArray<3, Family>(repeating: Family())
    private var drift = SequenceDrift()
    /// The interval that lateness is counted in. Frozen once it is known well: a unit that moves blurs every bucket.
    private var unit = 0.0
    private var meanGap = 0.0
    private(set) var lastGap: Float = 0
    private var deviation = 0.0
    /// Heartbeats in each histogram.
    private var total: UInt32 = 0
    private var observed: UInt32 = 0
    private var sinceRefit: UInt8 = 0

    private static let unitGaps: UInt32 = 64  // after which the unit is frozen
    static let refitEvery: UInt8 = 32
    private static let earlyRefitEvery: UInt8 = 8
    private static let earlyGaps: UInt32 = 200
    private static let halvedAt: UInt32 = 65_535
    private static let smoothing: Float = 0.1

    public init(_ parameters: Parameters) {}

    // MARK: Learning

    public mutating func begin(announcedInterval: Int64) {
        drift.begin()
        if observed == 0, announcedInterval > 0 { assume(Double(announcedInterval)) }
        if unit > 0 { expect() }
    }

    private mutating func assume(_ interval: Double) {
        unit = interval
        meanGap = interval
        drift.assume(interval)
    }

    public mutating func observe(_ arrival: Arrival) {
        let gap = Double(arrival.gap)
        lastGap = Float(gap)
        if unit == 0 {
            guard gap > 0 else { return }  // heartbeats with one stamp tell nothing of an interval
            assume(gap / Double(arrival.step))
        } else {
            tally(gap)
        }
        observed = observed == .max ? .max : observed + 1
        drift.observe(gap: arrival.gap, step: arrival.step, count: observed, unit: unit)
        let weight = 1 / Double(observed)
        meanGap += max(0.001, weight) * (gap - meanGap)
        // One outage of minutes must not widen the next thousand deadlines.
        let surprise = min(abs(gap - meanGap), 8 * unit, 8 * deviation + 2 * unit)
        deviation += 0.05 * (surprise - deviation)
        if observed <= Self.unitGaps { unit = max(1, drift.interval) }
        expect()
    }

    private mutating func tally(_ gap: Double) {
        for index in families.indices {
            families[index].tally(gap, unit: unit, lowest: FamilyKind.lowest(of: index))
        }
        total += 1
        if total == Self.halvedAt {
            for index in families.indices { families[index].halve() }
            total /= 2
        }
        sinceRefit = sinceRefit == .max ? .max : sinceRefit + 1
    }

    /// Sets where each family expects the next arrival, and in what unit.
    private mutating func expect() {
        let scale = (max(deviation, 3e-3 * unit) * unit).squareRoot()
        families[0].expect(after: unit, scale: unit)
        families[1].expect(after: drift.expectedWait, scale: unit)
        families[2].expect(after: unit, scale: scale)
    }

    // MARK: What levels build on

    var isExpecting: Bool { unit > 0 }
    /// The present mean gap, in nanoseconds.
    var expectedInterval: Double { meanGap }
    var menu: WaitMenu { WaitMenu(families, total: total, smoothing: Self.smoothing) }
    func family(_ index: UInt8) -> Family { families[min(Int(index), families.count - 1)] }

    /// Whether it is time to choose anew.
    mutating func takeRefit() -> Bool {
        let every = observed < Self.earlyGaps ? Self.earlyRefitEvery : Self.refitEvery
        guard total > 0, sinceRefit >= every || observed <= 4 else { return false }
        sinceRefit = 0
        return true
    }

    // MARK: Suspicion

    private var suspicious: Family { families[FamilyKind.scaled.rawValue] }
    private var survival: LatenessSurvival {
        LatenessSurvival(
            suspicious.histogram, total: total, lowest: FamilyKind.lowest(of: FamilyKind.scaled.rawValue), smoothing: 0)
    }

    public func phi(after silence: Int64) -> Double? {
        isExpecting ? phi(after: Double(max(0, silence)), suspicious, survival) : nil
    }

    private func phi(after silence: Double, _ family: Family, _ survival: LatenessSurvival) -> Double {
        let logShare = survival.logShare(at: family.lateness(silence), start: family.lateness(0))
        let pretended = PretendedHeartbeat.share(longerThan: silence / unit)
        return max(0, -PretendedHeartbeat.mixed(logShare, of: Double(total), with: pretended) / ln10)
    }

    /// The silence at which φ is reached, in nanoseconds.
    func suspicionWait(_ threshold: Double) -> Double {
        let (family, survival) = (suspicious, survival)
        var high = 2 * unit
        while high < 0x1p63, phi(after: high, family, survival) < threshold { high *= 2 }
        // φ only grows, so halving finds the one crossing, to the nanosecond or as near as doubles come.
        var low = 0.0
        while high - low > 0.5, high - low > high * 0x1p-50 {
            let middle = low + (high - low) / 2
            if phi(after: middle, family, survival) < threshold { low = middle } else { high = middle }
        }
        return high
    }

    public var expectedWait: Int64? { isExpecting ? Int64(saturating: meanGap) : nil }
    public var samples: Int { Int(observed) }
}
