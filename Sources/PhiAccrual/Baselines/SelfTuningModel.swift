import BinaryCoding

/// The self-tuning detector, SFD, of Xiong et al.: Chen's, with a margin that moves until a required quality is
/// reached.
///
/// After every slot it compares its own quality in that slot with the required one:
/// ```text
/// SM(k+1) = SM(k) + Sat · α          suspected at EA(k+1) + SM(k+1)
/// ```
/// Sat is +β if it was fast enough but made too many mistakes, −β if it was accurate enough but too slow, and 0 if it
/// met both requirements. If it met neither, no margin can help: the authors' detector reports that and keeps the
/// margin, and `feedback` does the same here. A mistake rate below one per slot looks like 0 in most slots, so rare
/// mistakes make the margin creep down and jump up. It has no φ.
///
/// This model decides what the paper leaves open. The slot is a number of heartbeats. T_D is the mean timeout from the
/// last arrival to the suspicion (delay and half an interval are not known here). A margin is never below 0. Only fresh
/// heartbeats count, and an unknown interval is learned (`SendingInterval`).
///
/// Source: Xiong, Vasilakos, Wu, Yang, Rindos, Zhou, Song and Pan, “A self-tuning failure detection scheme for cloud
/// computing service”, IPDPS 2012, section on SFD.
public struct SelfTuningModel: BaselineModel {
    public struct Parameters: DetectorParameters {
        /// Number of arrivals in the window.
        public var window = 1000
        /// SM₁: the initial margin.
        public var margin = Duration.milliseconds(100)
        /// α: a step of the margin is β times this.
        public var alpha = Duration.milliseconds(100)
        /// β: share of α in a step.
        public var beta = 0.5
        /// Required maximum of the mean detection time.
        public var detectionTime = Duration.seconds(3)
        /// Required maximum mistake rate, per second.
        public var mistakeRate = 0.01
        /// Required minimum query accuracy probability.
        public var queryAccuracy = 0.99
        /// Number of heartbeats in a slot.
        public var slot = 100
        /// The sender's interval; nil: as announced, otherwise learned.
        public var interval: Duration?
        public init() {}

        public typealias Model = SelfTuningModel
        public static let detectorName = "self-tuning"
        public static let named: [NamedParameter<Self>] = [
            .window("window", \.window, atLeast: 1),
            .duration("margin", \.margin),
            .duration("alpha", \.alpha),
            .number("beta", \.beta, in: 0...1),
            .duration("detection-time", \.detectionTime, atLeast: .nanoseconds(1)),
            .number("mistake-rate", \.mistakeRate, in: 0...1e9),
            .number("query-accuracy", \.queryAccuracy, in: 0...1),
            .count("slot", \.slot, in: 1...1_000_000),
            .duration("interval", \.interval, orNil: "auto"),
        ]
    }
    /// The requirements decide when to suspect, not the policy.
    public static let usesPolicy = false

    /// The result of the last slot. Raw values are stored.
    public enum Feedback: UInt8, Hashable, Sendable {
        case satisfied = 0
        case raised = 1  // too many mistakes
        case lowered = 2  // too slow
        case infeasible = 3  // both
    }
    /// Nil before the end of the first slot.
    public private(set) var feedback: Feedback?

    private var expected: ExpectedArrival
    private let parameters: Parameters
    private let step: Double  // ns
    private var margin: Double  // ns
    private var slot = SlotQuality()

    public init(_ parameters: Parameters) {
        precondition(parameters.areAllowed, "\(parameters)")
        self.parameters = parameters
        expected = ExpectedArrival(window: parameters.window, interval: parameters.interval)
        margin = Double(parameters.margin.nanoseconds)
        step = parameters.beta * Double(parameters.alpha.nanoseconds)
    }
    public static func threshold(for policy: Policy) {}

    public mutating func begin(announcedInterval: Int64) { expected.begin(announcedInterval: announcedInterval) }

    public mutating func observe(_ arrival: Arrival) {
        if let timeout = timeout(until: ()) {
            slot.record(gap: arrival.bounded.gap, timeout: timeout)
            if slot.heartbeats >= parameters.slot {
                tune()
                slot = SlotQuality()
            }
        }
        expected.observe(arrival)
    }

    private mutating func tune() {
        let isFast = slot.detectionTime <= Double(parameters.detectionTime.nanoseconds)
        let isAccurate =
            slot.mistakeRate <= parameters.mistakeRate && slot.queryAccuracy >= parameters.queryAccuracy
        switch (isFast, isAccurate) {
        case (true, true): feedback = .satisfied
        case (true, false): (feedback, margin) = (.raised, min(margin + step, 0x1p63))
        case (false, true): (feedback, margin) = (.lowered, max(0, margin - step))
        case (false, false): feedback = .infeasible
        }
    }

    public func timeout(until threshold: Void) -> Int64? {
        expected.timeout.map { Int64(saturating: ($0 + margin).rounded(.up)) }
    }
    public func phi(after silence: Int64) -> Double? { nil }
    public var expectedGap: Int64? { expected.timeout.map { Int64(saturating: $0) } }
    public var samples: Int { expected.samples }
}

/// The detector's own quality in one slot.
private struct SlotQuality: Sendable {
    private(set) var heartbeats = 0
    private var mistakes = 0
    private var timeouts: Int128 = 0  // ns
    private var time: Int128 = 0  // ns
    private var mistakeTime: Int128 = 0  // ns

    /// - Parameter timeout: Nanoseconds from the previous arrival to the suspicion; negative counts as 0 in the sums.
    mutating func record(gap: Int64, timeout: Int64) {
        heartbeats += 1
        timeouts += Int128(max(0, timeout))
        time += Int128(gap)
        guard gap > timeout else { return }
        mistakes += 1
        mistakeTime += Int128(gap) - Int128(max(0, timeout))
    }
    /// T_D: mean, in nanoseconds.
    var detectionTime: Double { timeouts.double / Double(max(1, heartbeats)) }
    /// λ_M: per second.
    var mistakeRate: Double { Double(mistakes) / (max(1, time).double / 1e9) }
    /// P_A
    var queryAccuracy: Double { 1 - mistakeTime.double / max(1, time).double }
}

extension SelfTuningModel {
    public static let stateVersion = "self-tuning/1"

    public func write(to writer: inout BinaryWriter) {
        expected.write(to: &writer)
        writer.write(margin)
        writer.write(feedback) { $0.write($1.rawValue) }
        slot.write(to: &writer)
    }
    public init(_ parameters: Parameters, from reader: inout BinaryReader) throws(CorruptData) {
        self.init(parameters)
        expected = try ExpectedArrival(window: parameters.window, interval: parameters.interval, from: &reader)
        margin = try reader.double(in: 0...0x1p63)
        feedback = try reader.optional { reader throws(CorruptData) in
            guard let feedback = Feedback(rawValue: try reader.integer()) else {
                throw CorruptData("invalid slot state")
            }
            return feedback
        }
        slot = try SlotQuality(upTo: parameters.slot - 1, from: &reader)
    }
}

extension SlotQuality {
    fileprivate func write(to writer: inout BinaryWriter) {
        writer.write(heartbeats)
        writer.write(mistakes)
        for sum in [timeouts, time, mistakeTime] { writer.write(sum) }
    }
    fileprivate init(upTo most: Int, from reader: inout BinaryReader) throws(CorruptData) {
        heartbeats = try reader.integer(in: 0...most)
        mistakes = try reader.integer(in: 0...heartbeats)
        let longest = Int128(heartbeats) << 63
        timeouts = try reader.integer(in: 0...longest)
        time = try reader.integer(in: 0...longest)
        mistakeTime = try reader.integer(in: 0...longest)
    }
}
