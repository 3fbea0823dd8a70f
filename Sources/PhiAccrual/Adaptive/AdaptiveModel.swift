import BinaryCoding

/// The default detector. It learns which of three ways to predict the next heartbeat fits a node, and how late
/// heartbeats come relative to that prediction.
///
/// A `Family` defines the expected arrival, the unit of lateness, and which states of the recent past it distinguishes.
/// Each family has histograms of lateness. A level uses the family and the lateness with the lowest cost. φ always uses
/// one family. `docs/arithmetic.md` derives the formulas and lists what was tried.
public struct AdaptiveModel: ArrivalModel {
    /// Users choose a profile apart from the detector, so it has no name here.
    public struct Parameters: DetectorParameters {
        /// The profile that every group starts with; nil for none.
        public var profile: LatenessProfile?
        public init() {}
        public init(profile: LatenessProfile?) { self.profile = profile }

        public typealias Model = AdaptiveModel
        public static let detectorName = "adaptive"
        public static let named: [NamedParameter<Self>] = []
    }
    public static let usesPolicy = true

    // Times are in nanoseconds.
    private var tables = LatenessHistograms()
    private var drift = SequenceDrift()
    private var intervalChange = IntervalChangeDetector()
    /// The interval in which lateness is counted. It is frozen after `unitGaps` gaps: a unit that moves blurs every
    /// bucket.
    private var unit: Float = 0
    private var meanGap: Float = 0
    /// Moving mean of the difference between a gap and the mean gap.
    private var deviation: Float = 0
    /// Moving mean of the time by which gaps exceed the unit. It is large during a burst of lateness.
    private var excess: Float = 0
    // `deviation` and `excess` as they were before a possible interval change began.
    private var deviationBefore: Float = 0
    private var excessBefore: Float = 0
    private var observed: UInt32 = 0
    private(set) var heartbeatsSinceChoice: UInt8 = 0
    /// Whether the unit changed since the last choice.
    private var isUnitNew = false
    /// Whether the last gap may belong to an interval change, so that the model did not learn from it.
    private(set) var isWithheld = false

    private static let unitGaps: UInt32 = 64  // number of gaps after which the unit is frozen
    private static let outage: Float = 64  // in intervals
    private static let volatilityRate: Float = 0.05
    /// Gaps of one length are new while they are less than this share of all gaps.
    private static let knownShare: Float = 0.05

    public init(_ parameters: Parameters) {}

    // MARK: Learning

    public mutating func begin(announcedInterval: Int64) {
        drift.begin()
        intervalChange.end()
        if observed == 0, announcedInterval > 0 { setInterval(Double(announcedInterval)) }
    }

    /// A new node assumes that its gaps vary as much as those of its group.
    mutating func join(_ group: borrowing GroupHistograms) {
        if observed == 0 { deviation = group.deviation * unit }
    }

    private mutating func setInterval(_ interval: Double) {
        (unit, meanGap) = (Float(interval), Float(interval))
        drift.setInterval(interval)
    }

    public mutating func observe(_ arrival: Arrival, in group: inout GroupState) {
        let gap = Double(arrival.gap)
        // First heartbeats with equal timestamps give no information about the interval.
        guard observed > 0 || gap > 0 else { return }
        if unit == 0 {
            setInterval(gap / Double(arrival.step))
            join(group.tables)
        } else {
            isWithheld = checkIntervalChange(Float(gap) / Float(arrival.step))
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
        // An outage is not volatility: a single outage must not widen the next thousand deadlines.
        if observed >= 20, gap > Self.outage * unit { return }
        let most = 8 * unit
        meanGap += max(0.001, weight) * min(most, gap - meanGap)
        let surprise = min(abs(gap - meanGap), most, observed < 20 ? most : 8 * deviation + 2 * unit)
        deviation += Self.volatilityRate * (surprise - deviation)
        excess += Self.volatilityRate * (min(max(0, gap - unit), most) - excess)
    }

    // MARK: An interval that changes for good

    /// Checks for an interval change. Returns whether the model must not learn from this gap, given per step, in any
    /// other way: it learns nothing from a possible change until it is clear whether the change lasts.
    private mutating func checkIntervalChange(_ gap: Float) -> Bool {
        if intervalChange.observe(gap) { (deviationBefore, excessBefore) = (deviation, excess) }
        guard observed > Self.unitGaps, intervalChange.fits > 1, intervalChange.isLike(gap),
            abs(intervalChange.interval - unit) > IntervalChangeDetector.tolerance * unit,
            tables.count(near: (intervalChange.interval - unit) / scale(of: .last)) - 2 < Self.knownShare
                * Float(tables.total)
        else { return false }
        if intervalChange.isEstablished {
            changeUnit(intervalChange.mean)
            return true
        }
        return !intervalChange.isOld
    }

    /// Changes the unit. The histograms stay as they are, in the new unit.
    private mutating func changeUnit(_ interval: Float) {
        let factor = interval / unit
        if factor > 1 { tables.removeMostLate(2) }  // counted before it was clear that the change might last
        deviation = min(deviation, deviationBefore) * factor
        excess = min(excess, excessBefore) * factor
        drift.rescale(to: Double(interval))
        (unit, meanGap) = (interval, interval)
        intervalChange.end()
        isUnitNew = true
    }

    // MARK: What levels build on

    var isExpecting: Bool { unit > 0 }
    /// The current mean gap in nanoseconds.
    var expectedInterval: Double { Double(meanGap) }
    /// Scale of lateness in nanoseconds for `schedule` and `bursts`: the geometric mean of interval and deviation.
    private var scale: Float { (max(deviation, 3e-3 * unit) * unit).squareRoot() }

    private func scale(of family: Family) -> Float { family == .last ? Family.lastScale * unit : scale }

    /// Whether the levels should choose again. With n gaps observed: after 8 + n/8 heartbeats, at most 128.
    var isChoiceDue: Bool {
        isUnitNew || observed < 4 || UInt32(heartbeatsSinceChoice) >= min(128, 8 + observed / 8)
    }
    mutating func choiceIsMade() { (heartbeatsSinceChoice, isUnitNew) = (0, false) }

    /// Whether the node or its group has any data to choose from.
    @inline(__always) func hasCandidates(_ group: borrowing GroupState) -> Bool {
        TimeoutCandidates.isKnown(tables, group.tables)
    }
    @inline(__always) func candidates(_ group: borrowing GroupState) -> TimeoutCandidates {
        TimeoutCandidates(tables, group.tables, nextCentre: Float(drift.expectedGap) / unit, scale: scale / unit)
    }
    /// Whether a gap exceeds the maximum timeout of both `last` and the choice's family, so that no edge avoids the
    /// mistake.
    @inline(__always) func isOutage(_ gap: Int64, for choice: TimeoutChoice) -> Bool {
        guard inIntervals(gap) > Family.maxTimeout else { return false }
        return gap > timeout(TimeoutChoice(choice.family, edge: UInt8(choice.family.edgeCount - 1)))
    }
    @inline(__always) func inIntervals(_ timeout: Int64) -> Float { Float(timeout) / unit }
    var unitInNanoseconds: Double { Double(unit) }

    private func centre(of family: Family) -> Double { family == .schedule ? drift.expectedGap : Double(unit) }

    /// The state of a family that applies to the next heartbeat.
    @inline(__always) private func state(of family: Family) -> Int {
        switch family {
        case .last: return 0
        case .schedule:
            let lateness = drift.lateness / max(drift.surprise, .leastNormalMagnitude)
            return family.firstState + (lateness < -1 ? 0 : lateness < 1.5 ? 1 : 2)
        case .bursts:
            // The boundaries are powers of four, from 1/64 to 4.
            let share = excess / unit
            let step = share < 0.0156 ? 0 : share < 0.0625 ? 1 : share < 0.25 ? 2 : share < 1 ? 3 : share < 4 ? 4 : 5
            return family.firstState + step
        }
    }

    /// The timeout of a choice, in nanoseconds after the last arrival.
    @inline(__always) func timeout(_ choice: TimeoutChoice) -> Int64 {
        let lateness = choice.lateness(inState: state(of: choice.family))
        let timeout = centre(of: choice.family) + Double(lateness * scale(of: choice.family))
        return Int64(saturating: max(0, timeout).rounded(.up))
    }
    /// The minimum timeout: the expected arrival plus the timestamp uncertainty. 0 where the uncertainty is not known.
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
    /// Changes also when families or buckets change.
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
