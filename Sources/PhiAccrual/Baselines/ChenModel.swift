/// The detector of Chen, Toueg and Aguilera for unsynchronised clocks, NFD-E: a constant margin beyond the expected arrival.
///
/// The last arrivals and their sequence numbers say when the next one is expected; at `EA + α` the node is suspected. Losses
/// and bursts do not stretch the wait, since the numbers carry the schedule, but the schedule must be one: senders without a
/// steady period defeat it. There is no φ in it.
///
/// Where we depart: only fresh heartbeats count (theirs also took late ones into the mean), and an interval that nobody
/// knows is learned (`SendingInterval`).
///
/// Source: Chen, Toueg and Aguilera, “On the quality of service of failure detectors”, IEEE Transactions on Computers
/// 51(5), 2002, algorithm NFD-E in the part on unsynchronised clocks; their simulations use the last 32 heartbeats.
public struct ChenModel: ClassicalModel {
    public struct Parameters: DetectorParameters {
        /// n: how many arrivals are remembered.
        public var window = 32
        /// α: how long after its expected arrival a heartbeat may come. The authors derive it from a wanted quality of service.
        public var alpha = Duration.milliseconds(100)
        /// η: the sender's interval; nil: as it announces, else learned.
        public var interval: Duration?
        public init() {}

        public static let detectorName = "chen"
        public static let named: [NamedParameter<Self>] = [
            .window("window", \.window, atLeast: 1),
            .duration("alpha", \.alpha),
            .duration("interval", \.interval, orNil: "auto"),
        ]
    }
    /// α decides, whatever the policy.
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
