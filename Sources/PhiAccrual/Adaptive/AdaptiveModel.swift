/// The default detector: it learns which of a few ways of expecting the next heartbeat fits a node, and how late
/// heartbeats come beyond that.
///
/// A `Family` says where the next arrival is expected, in what unit lateness is counted, and what of the recent past makes
/// a difference. Each has histograms of lateness. A level asks for the family and lateness that cost least; φ is asked of
/// one family. `docs/arithmetic.md` derives it and tells what was tried.
public struct AdaptiveModel: ArrivalModel {
    public struct Parameters: Hashable, Sendable {
        /// What every group begins with; nil: nothing.
        public var profile: LatenessProfile?
        public init(profile: LatenessProfile? = nil) { self.profile = profile }
    }

    // Times are nanoseconds.
    private var tables = LatenessHistograms()
    private var drift = SequenceDrift()
    private var intervalChange = IntervalChangeDetector()
    /// The interval that lateness is counted in. Frozen once it is known well: a unit that moves blurs every bucket.
    private var unit: Float = 0
    private var meanGap: Float = 0
    /// Moving mean of how far gaps are from the mean gap.
    private var deviation: Float = 0
    /// Moving mean of how much gaps are longer than the unit: large in a bad patch.
    private var excess: Float = 0
    // What these two were before a change may have begun.
    private var deviationBefore: Float = 0
    private var excessBefore: Float = 0
    private var observed: UInt32 = 0
    private(set) var heartbeatsSinceChoice: UInt8 = 0
    /// Whether the unit changed since the last choice.
    private var isUnitNew = false
    /// Whether the last gap may be part of a change and was not learned from.
    private(set) var isWithheld = false

    private static let unitGaps: UInt32 = 64  // after which the unit is frozen
    private static let outage: Float = 64  // in intervals
    private static let volatilityRate: Float = 0.05
    /// Gaps that make up less than this share of all are new.
    private static let knownShare: Float = 0.05

    public init(_ parameters: Parameters) {}

    // MARK: Learning

    public mutating func begin(announcedInterval: Int64) {
        drift.begin()
        intervalChange.end()
        if observed == 0, announcedInterval > 0 { assume(Double(announcedInterval)) }
    }

    /// A newcomer takes its gaps to be as volatile as its group's.
    mutating func join(_ group: borrowing GroupHistograms) {
        if observed == 0 { deviation = group.deviation * unit }
    }

    private mutating func assume(_ interval: Double) {
        (unit, meanGap) = (Float(interval), Float(interval))
        drift.assume(interval)
    }

    public mutating func observe(_ arrival: Arrival, in group: inout GroupState) {
        let gap = Double(arrival.gap)
        // First heartbeats with one stamp tell nothing of an interval.
        guard observed > 0 || gap > 0 else { return }
        if unit == 0 {
            assume(gap / Double(arrival.step))
            join(group.tables)
        } else {
            isWithheld = follow(Float(gap) / Float(arrival.step))
            guard !isWithheld else { return }
            tally(gap, in: &group.tables)
            learnVolatility(Float(gap))
        }
        observed = observed == .max ? .max : observed + 1
        drift.observe(gap: gap, step: arrival.step, count: observed, unit: unit)
        if observed <= Self.unitGaps { unit = max(1, Float(drift.interval)) }
        if heartbeatsSinceChoice < .max { heartbeatsSinceChoice += 1 }
    }

    private mutating func tally(_ gap: Double, in group: inout GroupHistograms) {
        let centre = drift.expectedGap
        let scale = scale
        var lateness = InlineArray<3, Float>(repeating: 0)
        lateness[Family.last.rawValue] = Float(gap - Double(unit)) / (Family.lastScale * unit)
        lateness[Family.schedule.rawValue] = Float(gap - centre) / scale
        lateness[Family.bursts.rawValue] = Float(gap - Double(unit)) / scale
        var states = InlineArray<3, Int>(repeating: 0)
        var buckets = InlineArray<3, Int>(repeating: 0)
        for family in Family.allCases {
            let state = state(of: family)
            states[family.rawValue] = state
            buckets[family.rawValue] =
                family.firstBucket(ofState: state)
                + LatenessBuckets.bucket(of: lateness[family.rawValue], early: family.early)
        }
        tables.tally(buckets, centre: Float(centre) / unit, scale: scale / unit)
        group.tally(buckets, states: states, deviation: min(8, deviation / unit))
    }

    private mutating func learnVolatility(_ gap: Float) {
        let weight = 1 / (Float(observed) + 1)
        // An outage is no volatility: one must not widen the next thousand deadlines.
        if observed >= 20, gap > Self.outage * unit { return }
        let most = 8 * unit
        meanGap += max(0.001, weight) * min(most, gap - meanGap)
        let surprise = min(abs(gap - meanGap), most, observed < 20 ? most : 8 * deviation + 2 * unit)
        deviation += Self.volatilityRate * (surprise - deviation)
        excess += Self.volatilityRate * (min(max(0, gap - unit), most) - excess)
    }

    // MARK: An interval that changes for good

    /// Follows what may become a new interval. Says whether this gap, of one step, is to be learned no other way: nothing
    /// is learned from a change until it is clear whether it stays.
    private mutating func follow(_ gap: Float) -> Bool {
        if intervalChange.observe(gap) { (deviationBefore, excessBefore) = (deviation, excess) }
        guard observed > Self.unitGaps, intervalChange.fits > 1, intervalChange.isLike(gap),
            abs(intervalChange.interval - unit) > IntervalChangeDetector.tolerance * unit,
            tables.count(near: (intervalChange.interval - unit) / scale(of: .last)) - 2 < Self.knownShare
                * Float(tables.total)
        else { return false }
        if intervalChange.isEstablished {
            adopt(intervalChange.mean)
            return true
        }
        return !intervalChange.isOld
    }

    /// What was learned stays, in the new unit.
    private mutating func adopt(_ interval: Float) {
        let factor = interval / unit
        if factor > 1 { tables.forgetLatest(2) }  // those before it was clear that the change might stay
        deviation = min(deviation, deviationBefore) * factor
        excess = min(excess, excessBefore) * factor
        drift.rescale(to: Double(interval))
        (unit, meanGap) = (interval, interval)
        intervalChange.end()
        isUnitNew = true
    }

    // MARK: What levels build on

    var isExpecting: Bool { unit > 0 }
    /// The present mean gap, in nanoseconds.
    var expectedInterval: Double { Double(meanGap) }
    /// The unit of lateness in nanoseconds, of the two families that go by how volatile gaps are.
    private var scale: Float { (max(deviation, 3e-3 * unit) * unit).squareRoot() }

    private func scale(of family: Family) -> Float { family == .last ? Family.lastScale * unit : scale }

    /// Whether it is time to choose anew: rarely, once much is known and little changes.
    var isChoiceDue: Bool {
        isUnitNew || observed < 4 || UInt32(heartbeatsSinceChoice) >= min(128, 8 + observed / 8)
    }
    mutating func choiceIsMade() { (heartbeatsSinceChoice, isUnitNew) = (0, false) }

    /// Whether there is anything to choose from.
    @inline(__always) func hasCandidates(_ group: borrowing GroupState) -> Bool {
        TimeoutCandidates.isKnown(tables, group.tables)
    }
    /// What there is to choose from.
    @inline(__always) func candidates(_ group: borrowing GroupState) -> TimeoutCandidates {
        TimeoutCandidates(tables, group.tables, nextCentre: Float(drift.expectedGap) / unit, scale: scale / unit)
    }
    /// Whether a gap is so long that all choices of a choice's family, and all of `last`, would have been mistaken.
    @inline(__always) func isOutage(_ gap: Int64, for choice: TimeoutChoice) -> Bool {
        guard inIntervals(gap) > Family.maxTimeout else { return false }
        return gap > timeout(TimeoutChoice(choice.family, edge: UInt8(choice.family.edgeCount - 1)))
    }
    /// In units.
    @inline(__always) func inIntervals(_ timeout: Int64) -> Float { Float(timeout) / unit }
    var unitInNanoseconds: Double { Double(unit) }

    private func centre(of family: Family) -> Double { family == .schedule ? drift.expectedGap : Double(unit) }

    /// Which state of a family the next heartbeat meets.
    @inline(__always) private func state(of family: Family) -> Int {
        switch family {
        case .last: return 0
        case .schedule:
            let lateness = drift.lateness / max(drift.surprise, .leastNormalMagnitude)
            return family.firstState + (lateness < -1 ? 0 : lateness < 1.5 ? 1 : 2)
        case .bursts:
            // Powers of four, from 1/64 on.
            let share = excess / unit
            let step = share < 0.0156 ? 0 : share < 0.0625 ? 1 : share < 0.25 ? 2 : share < 1 ? 3 : share < 4 ? 4 : 5
            return family.firstState + step
        }
    }

    /// When a choice suspects, in nanoseconds after the last arrival.
    @inline(__always) func timeout(_ choice: TimeoutChoice) -> Int64 {
        let lateness = choice.lateness(inState: state(of: choice.family))
        let timeout = centre(of: choice.family) + Double(lateness * scale(of: choice.family))
        return Int64(saturating: max(0, timeout).rounded(.up))
    }
    /// The least wait that an error of stamps allows, where it is known: so long after the heartbeat is expected.
    @inline(__always) func earliestTimeout(of family: Family, timestampUncertainty: Int64) -> Int64 {
        timestampUncertainty > 0 ? Int64(saturating: max(0, centre(of: family)) + Double(timestampUncertainty)) : 0
    }

    // MARK: Suspicion

    public func phi(after silence: Int64) -> Double? {
        isExpecting ? suspicion.phi(after: Double(max(0, silence))) : nil
    }
    var suspicion: SuspicionCurve { SuspicionCurve(tables, unit: Double(unit), scale: Double(scale)) }

    @inline(__always) public var expectedGap: Int64? { isExpecting ? Int64(saturating: expectedInterval) : nil }
    public var samples: Int { Int(observed) }
}

// MARK: Stored state

extension AdaptiveModel {
    /// Another one when families or buckets change, too.
    public static let stateVersion = "adaptive/2"

    public func write(to writer: inout BinaryWriter) {
        writer.write(tables)
        writer.write(drift)
        writer.write(intervalChange)
        for number in [unit, meanGap, deviation, excess, deviationBefore, excessBefore] { writer.write(number) }
        writer.write(observed)
        writer.write(heartbeatsSinceChoice)
        writer.write(isUnitNew)
        writer.write(isWithheld)
    }
    public init(_ parameters: Parameters, from reader: inout BinaryReader) throws(CorruptData) {
        tables = try reader.state()
        drift = try reader.state()
        intervalChange = try reader.state()
        unit = try reader.magnitude()
        meanGap = try reader.magnitude()
        deviation = try reader.magnitude()
        excess = try reader.magnitude()
        deviationBefore = try reader.magnitude()
        excessBefore = try reader.magnitude()
        observed = try reader.integer()
        heartbeatsSinceChoice = try reader.integer()
        isUnitNew = try reader.bool()
        isWithheld = try reader.bool()
    }
}
