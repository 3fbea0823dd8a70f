/// The self-tuning detector, SFD, of Xiong et al.: Chen's, with a margin that is moved until a stated quality is reached.
///
/// After every slot its own quality in that slot is compared with the one required:
/// ```text
/// SM(k+1) = SM(k) + Sat · α          suspected at EA(k+1) + SM(k+1)
/// ```
/// Sat is +β where it was fast enough but made too many mistakes, −β where it was accurate enough but too slow, and 0 where
/// both requirements hold. Where neither holds no margin can help: the authors have it say so and keep the margin, and so
/// does `feedback` here. A mistake rate below one per slot cannot be told from 0 in a slot, so rare mistakes make the
/// margin creep down and jump up. There is no φ in it.
///
/// What the paper leaves open is ours: the slot is a number of heartbeats; T_D is the wait from the last arrival to the
/// suspicion, averaged (delay and half an interval are not known here); a margin is never below 0. Only fresh heartbeats
/// count, and an interval that nobody knows is learned (`SendingInterval`).
///
/// Source: Xiong, Vasilakos, Wu, Yang, Rindos, Zhou, Song and Pan, “A self-tuning failure detection scheme for cloud
/// computing service”, IPDPS 2012, section on SFD.
public struct SelfTuningModel: ClassicalModel {
    public struct Parameters: DetectorParameters {
        /// How many arrivals are remembered.
        public var window = 1000
        /// SM₁: the margin at the start.
        public var margin = Duration.milliseconds(100)
        /// α: what a step of the margin is a share of.
        public var alpha = Duration.milliseconds(100)
        /// β: that share.
        public var beta = 0.5
        /// Longest detection time required, on average.
        public var detectionTime = Duration.seconds(3)
        /// Highest mistake rate required, per second.
        public var mistakeRate = 0.01
        /// Lowest query accuracy probability required.
        public var queryAccuracy = 0.99
        /// Heartbeats from one comparison to the next.
        public var slot = 100
        /// The sender's interval; nil: as it announces, else learned.
        public var interval: Duration?
        public init() {}

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
    /// The requirements decide, whatever the policy.
    public static let usesPolicy = false

    /// What the last slot led to.
    public enum Feedback: UInt8, Hashable, Sendable {
        case satisfied
        case raised  // too many mistakes
        case lowered  // too slow
        case infeasible  // both
    }
    /// Nil before the first slot is over.
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

/// The detector's own quality over some heartbeats.
private struct SlotQuality: Sendable {
    private(set) var heartbeats = 0
    private var mistakes = 0
    private var timeouts: Int128 = 0  // ns
    private var time: Int128 = 0  // ns
    private var mistakeTime: Int128 = 0  // ns

    /// - Parameter wait: From the arrival before to the suspicion that would have followed; below 0: at that arrival.
    mutating func record(gap: Int64, timeout: Int64) {
        heartbeats += 1
        timeouts += Int128(max(0, timeout))
        time += Int128(gap)
        guard gap > timeout else { return }
        mistakes += 1
        mistakeTime += Int128(gap) - Int128(max(0, timeout))
    }
    /// T_D: nanoseconds, on average.
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
                throw CorruptData("no slot leads to such a thing")
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
