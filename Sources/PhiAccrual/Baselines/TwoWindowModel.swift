import BinaryCoding

/// The two-windows detector, 2W-FD: Chen's with a short and a long window. The later of the two expected arrivals
/// counts.
///
/// The short window follows a sudden change of delay at once. The long window keeps the timeout up where the network is
/// calm. With two equal windows it is `ChenModel`. It has no φ.
///
/// Differences from the paper: only fresh heartbeats count, and an unknown interval is learned (`SendingInterval`).
///
/// Source: Tomsic, Sens, Garcia, Arantes and Sopena, “2W-FD: a failure detector algorithm with QoS”, IPDPS 2015, with
/// the windows of 1 and 1000 that the authors chose.
public struct TwoWindowModel: BaselineModel {
    public struct Parameters: DetectorParameters {
        /// n₁: number of arrivals in the short window.
        public var n1 = 1
        /// n₂: number of arrivals in the long window.
        public var n2 = 1000
        /// Δto: time allowed after the later expected arrival. The authors derive it from a required quality of
        /// service, as Chen et al. derive α.
        public var margin = Duration.milliseconds(100)
        /// Δi: the sender's interval; nil: as announced, otherwise learned.
        public var interval: Duration?
        public init() {}

        public typealias Model = TwoWindowModel
        public static let detectorName = "two-window"
        public static let named: [NamedParameter<Self>] = [
            .window("n1", \.n1, atLeast: 1),
            .window("n2", \.n2, atLeast: 1),
            .duration("margin", \.margin),
            .duration("interval", \.interval, orNil: "auto"),
        ]
    }
    /// The margin decides when to suspect, not the policy.
    public static let usesPolicy = false

    private var short: ExpectedArrival
    private var long: ExpectedArrival
    private let margin: Double  // ns

    public init(_ parameters: Parameters) {
        precondition(parameters.areAllowed, "\(parameters)")
        short = ExpectedArrival(window: parameters.n1, interval: parameters.interval)
        long = ExpectedArrival(window: parameters.n2, interval: parameters.interval)
        margin = Double(parameters.margin.nanoseconds)
    }
    public static func threshold(for policy: Policy) {}

    public mutating func begin(announcedInterval: Int64) {
        short.begin(announcedInterval: announcedInterval)
        long.begin(announcedInterval: announcedInterval)
    }
    public mutating func observe(_ arrival: Arrival) {
        short.observe(arrival)
        long.observe(arrival)
    }

    private var expected: Double? {
        guard let short = short.timeout, let long = long.timeout else { return nil }
        return max(short, long)
    }
    public func timeout(until threshold: Void) -> Int64? {
        expected.map { Int64(saturating: ($0 + margin).rounded(.up)) }
    }
    public func phi(after silence: Int64) -> Double? { nil }
    public var expectedGap: Int64? { expected.map { Int64(saturating: $0) } }
    public var samples: Int { max(short.samples, long.samples) }
}

extension TwoWindowModel {
    public static let stateVersion = "two-window/1"

    public func write(to writer: inout BinaryWriter) {
        short.write(to: &writer)
        long.write(to: &writer)
    }
    public init(_ parameters: Parameters, from reader: inout BinaryReader) throws(CorruptData) {
        self.init(parameters)
        short = try ExpectedArrival(window: parameters.n1, interval: parameters.interval, from: &reader)
        long = try ExpectedArrival(window: parameters.n2, interval: parameters.interval, from: &reader)
    }
}
