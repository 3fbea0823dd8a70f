import BinaryCoding

/// The detector of Chen, Toueg and Aguilera for unsynchronised clocks, NFD-E: a constant margin after the expected
/// arrival.
///
/// The last arrivals and their sequence numbers give the expected arrival EA of the next heartbeat. The node is
/// suspected at `EA + α`. Losses and bursts do not lengthen the timeout, because the sequence numbers carry the
/// schedule. A sender without a steady period defeats it. It has no φ.
///
/// Differences from the paper: only fresh heartbeats count (theirs also used late ones in the mean), and an unknown
/// interval is learned (`SendingInterval`).
///
/// Source: Chen, Toueg and Aguilera, “On the quality of service of failure detectors”, IEEE Transactions on Computers
/// 51(5), 2002, algorithm NFD-E in the part on unsynchronised clocks; their simulations use the last 32 heartbeats.
public struct ChenModel: BaselineModel {
    public struct Parameters: DetectorParameters {
        /// n: number of arrivals in the window.
        public var window = 32
        /// α: time allowed after the expected arrival. The authors derive it from a required quality of service.
        public var alpha = Duration.milliseconds(100)
        /// η: the sender's interval; nil: as announced, otherwise learned.
        public var interval: Duration?
        public init() {}

        public typealias Model = ChenModel
        public static let detectorName = "chen"
        public static let named: [NamedParameter<Self>] = [
            .window("window", \.window, atLeast: 1),
            .duration("alpha", \.alpha),
            .duration("interval", \.interval, orNil: "auto"),
        ]
    }
    /// α decides when to suspect, not the policy.
    public static let usesPolicy = false

    private var expected: ExpectedArrival
    private let alpha: Double  // ns

    public init(_ parameters: Parameters) {
        precondition(parameters.areAllowed, "\(parameters)")
        expected = ExpectedArrival(window: parameters.window, interval: parameters.interval)
        alpha = Double(parameters.alpha.nanoseconds)
    }
    public static func threshold(for policy: Policy) {}

    public mutating func begin(announcedInterval: Int64) { expected.begin(announcedInterval: announcedInterval) }
    public mutating func observe(_ arrival: Arrival) { expected.observe(arrival) }

    public func timeout(until threshold: Void) -> Int64? {
        expected.timeout.map { Int64(saturating: ($0 + alpha).rounded(.up)) }
    }
    public func phi(after silence: Int64) -> Double? { nil }
    public var expectedGap: Int64? { expected.timeout.map { Int64(saturating: $0) } }
    public var samples: Int { expected.samples }
}

extension ChenModel {
    public static let stateVersion = "chen/1"

    public func write(to writer: inout BinaryWriter) { expected.write(to: &writer) }
    public init(_ parameters: Parameters, from reader: inout BinaryReader) throws(CorruptData) {
        self.init(parameters)
        expected = try ExpectedArrival(window: parameters.window, interval: parameters.interval, from: &reader)
    }
}
