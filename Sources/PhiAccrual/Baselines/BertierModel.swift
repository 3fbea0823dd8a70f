import BinaryCoding

/// The detector of Bertier, Marin and Sens: Chen's expected arrival, with the margin that TCP uses for its
/// retransmissions.
///
/// At heartbeat number k, Jacobson's two averages move by a share γ of the new value:
/// ```text
/// error = A(k) − EA(k) − delay          delay += γ · error          var += γ · (|error| − var)
/// α(k+1) = β · delay + φ · var          suspected at EA(k+1) + α(k+1)
/// ```
/// The margin starts at 0 and returns to 0 on a quiet link, where nearly every heartbeat is then a mistake. In the
/// papers a second layer adapts the quality to an application; it is not part of this model. φ is a factor here, not a
/// level of suspicion.
///
/// Differences from the papers: EA is Chen's formula, so losses do not shift it (theirs treats the arrivals in its mean
/// as consecutive). EA(k) is that of the sequence number that arrived. An unknown interval is learned
/// (`SendingInterval`).
///
/// Source: Bertier, Marin and Sens, “Implementation and performance evaluation of an adaptable failure detector”, DSN
/// 2002, basic layer; “Performance analysis of a hierarchical failure detector”, DSN 2003. γ, β and φ as in Jacobson,
/// “Congestion avoidance and control”, SIGCOMM 1988.
public struct BertierModel: BaselineModel {
    public struct Parameters: DetectorParameters {
        /// n: number of arrivals in the window.
        public var window = 1000
        /// γ: weight of a new error in the averages.
        public var gamma = 0.1
        /// β: factor of the average error in the margin.
        public var beta = 1.0
        /// φ: factor of the average deviation from it in the margin.
        public var phi = 4.0
        /// Δi: the sender's interval; nil: as announced, otherwise learned.
        public var interval: Duration?
        public init() {}

        public typealias Model = BertierModel
        public static let detectorName = "bertier"
        public static let named: [NamedParameter<Self>] = [
            .window("window", \.window, atLeast: 1),
            .number("gamma", \.gamma, in: 0...1),
            .number("beta", \.beta, in: 0...1e6),
            .number("phi", \.phi, in: 0...1e6),
            .duration("interval", \.interval, orNil: "auto"),
        ]
    }
    /// β and φ decide when to suspect, not the policy.
    public static let usesPolicy = false

    private var expected: ExpectedArrival
    private let parameters: Parameters
    private var delay = 0.0  // ns
    private var deviation = 0.0  // ns; their var, which is not a variance

    public init(_ parameters: Parameters) {
        precondition(parameters.areAllowed, "\(parameters)")
        self.parameters = parameters
        expected = ExpectedArrival(window: parameters.window, interval: parameters.interval)
    }
    public static func threshold(for policy: Policy) {}

    /// The averages stay: they describe the network, and a restart of the node does not change it.
    public mutating func begin(announcedInterval: Int64) { expected.begin(announcedInterval: announcedInterval) }

    public mutating func observe(_ arrival: Arrival) {
        let (gap, step) = arrival.bounded
        if let due = expected.timeout(steps: step) {
            let error = Double(gap) - due - delay
            delay += parameters.gamma * error
            deviation += parameters.gamma * (abs(error) - deviation)
        }
        expected.observe(arrival)
    }

    public func timeout(until threshold: Void) -> Int64? {
        let margin = parameters.beta * delay + parameters.phi * deviation
        return expected.timeout.map { Int64(saturating: ($0 + margin).rounded(.up)) }
    }
    public func phi(after silence: Int64) -> Double? { nil }
    public var expectedGap: Int64? { expected.timeout.map { Int64(saturating: $0) } }
    public var samples: Int { expected.samples }
}

extension BertierModel {
    public static let stateVersion = "bertier/1"

    public func write(to writer: inout BinaryWriter) {
        expected.write(to: &writer)
        writer.write(delay)
        writer.write(deviation)
    }
    public init(_ parameters: Parameters, from reader: inout BinaryReader) throws(CorruptData) {
        self.init(parameters)
        expected = try ExpectedArrival(window: parameters.window, interval: parameters.interval, from: &reader)
        delay = try reader.double()
        deviation = try reader.double(in: 0 ... .greatestFiniteMagnitude)
    }
}
