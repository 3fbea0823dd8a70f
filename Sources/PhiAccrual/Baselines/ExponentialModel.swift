import BinaryCoding

/// The accrual detector of Cassandra and of chitchat: gaps follow an exponential distribution, so φ counts mean gaps.
///
/// `φ(t) = −log P(gap > t) = t / mean`, divided by ln 10 in Cassandra but not in chitchat: φ = 8 is 18.4 mean gaps in
/// Cassandra and 8 in chitchat. Neither considers how much gaps vary: both timeouts are a fixed multiple of the mean.
/// As in those systems:
/// - Gaps above `max-interval` are not learned. Where heartbeats are farther apart than that, no gap is ever learned,
///   and the initial interval decides for good: 36.8 s in Cassandra, 40 s in chitchat, at φ = 8.
/// - Cassandra's initial value is one gap among the others, until the window is full. With heartbeats every 100 ms,
///   deadlines start at 36.8 s and are below 2 s only after 220 heartbeats. chitchat's initial value counts as
///   `prior-weight` gaps at all times.
/// - A node that chitchat considered dead starts with an empty window (`phi-threshold`).
///
/// Differences from those systems:
/// - A node is suspected at the instant when φ reaches the threshold. Cassandra checks once a second and chitchat at
///   every gossip round, and both require φ above the threshold.
/// - chitchat has no φ until it learned one gap, and considers such a node dead. Here its prior alone decides until
///   then.
/// - A mean of 0 counts as a nanosecond; those systems stop the program.
/// - What was learned survives a new incarnation. Cassandra discards it when a node restarts after it was suspected.
///
/// Source: `FailureDetector.java` in apache/cassandra (`org.apache.cassandra.gms`; classes `FailureDetector`,
/// `ArrivalWindow`, `ArrayBackedBoundedStats`; CASSANDRA-2597), `Gossiper.java`, and `chitchat/src/failure_detector.rs`
/// in quickwit-oss/chitchat.
public struct ExponentialModel: BaselineModel {
    public struct Parameters: DetectorParameters {
        /// Base of the logarithm in φ.
        public enum Base: String, Hashable, Sendable, CaseIterable {
            case ten = "10"
            case e
        }
        /// Number of gaps in the window.
        public var samplingWindowSize = 1000
        /// The gap expected before one was seen.
        public var initialInterval = Duration.seconds(2)
        /// Longer gaps are not learned.
        public var maxInterval = Duration.seconds(2)
        /// Number of gaps that the initial interval always counts as; 0: one gap, until the window is full.
        public var priorWeight = 0.0
        public var base = Base.ten
        /// φ above which all learned gaps are discarded; nil: never. Set it to the policy's threshold.
        public var phiThreshold: Double?
        public init() {}

        /// Cassandra's defaults: `cassandra.fd_initial_value_ms` is `initial-interval`, `cassandra.fd_max_interval_ms`
        /// is `max-interval`, and `phi_convict_threshold` (8) is the policy's threshold.
        public static let cassandra = Parameters()
        /// chitchat's defaults, under its own names; its `phi_threshold` is also the policy's threshold.
        public static let chitchat: Parameters = {
            var parameters = Parameters()
            parameters.initialInterval = .seconds(5)
            parameters.maxInterval = .seconds(10)
            parameters.priorWeight = 5
            parameters.base = .e
            parameters.phiThreshold = 8
            return parameters
        }()

        public var nativeThreshold: Double? {
            get { phiThreshold }
            set { if phiThreshold != nil { phiThreshold = newValue } }
        }

        public typealias Model = ExponentialModel
        public static let detectorName = "exponential"
        public static let named: [NamedParameter<Self>] = [
            .window("sampling-window-size", \.samplingWindowSize),
            .duration("initial-interval", \.initialInterval, atLeast: .nanoseconds(1)),
            .duration("max-interval", \.maxInterval),
            .number("prior-weight", \.priorWeight, in: 0...1e6),
            .choice("base", \.base),
            .phi("phi-threshold", \.phiThreshold, orNil: "never"),
        ]
    }
    /// The policy's φ threshold.
    public typealias Threshold = Double
    /// The policy decides when to suspect.
    public static let usesPolicy = true

    private var window: ArrivalWindow
    private let capacity: Int
    private let initialInterval: Int64  // ns
    private let maxInterval: Int64  // ns
    private let priorWeight: Double
    private let perMean: Double  // mean gaps in one φ
    private let resetThreshold: Double  // φ
    private var observed = 0
    private var mean: Double?  // ns, at least 1

    public init(_ parameters: Parameters) {
        precondition(parameters.areAllowed, "\(parameters)")
        capacity = parameters.samplingWindowSize
        window = ArrivalWindow(capacity: capacity)
        initialInterval = parameters.initialInterval.nanoseconds
        maxInterval = parameters.maxInterval.nanoseconds
        priorWeight = parameters.priorWeight
        perMean = parameters.base == .ten ? ln10 : 1
        resetThreshold = parameters.phiThreshold ?? .infinity
    }
    public static func threshold(for policy: Policy) -> Double { policy.phiThreshold }

    public mutating func begin(announcedInterval: Int64) {
        guard mean == nil else { return }
        startAnew()
    }

    public mutating func observe(_ arrival: Arrival) {
        if mean == nil { startAnew() }
        if let phi = phi(after: arrival.gap), phi > resetThreshold { startAnew() }
        guard arrival.gap <= maxInterval else { return }
        window.insert(arrival.gap)
        observed += 1
        fit()
    }

    private mutating func startAnew() {
        window = ArrivalWindow(capacity: capacity)
        observed = 0
        if priorWeight == 0 { window.insert(initialInterval) }
        fit()
    }

    private mutating func fit() {
        let count = Double(window.count)
        let sum = count * (window.mean ?? 0) + priorWeight * Double(initialInterval)
        mean = max(1, sum / (count + priorWeight))
    }

    public func timeout(until threshold: Double) -> Int64? {
        mean.map { mean in
            .first(near: threshold * perMean * mean) { Self.phi($0, mean: mean, perMean: perMean) >= threshold }
        }
    }

    public func phi(after silence: Int64) -> Double? { mean.map { Self.phi(silence, mean: $0, perMean: perMean) } }
    private static func phi(_ silence: Int64, mean: Double, perMean: Double) -> Double {
        Double(max(0, silence)) / mean / perMean
    }

    public var expectedGap: Int64? { mean.map { Int64(saturating: $0) } }
    public var samples: Int { min(observed, window.count) }
}

extension ExponentialModel {
    public static let stateVersion = "exponential/1"

    public func write(to writer: inout BinaryWriter) {
        let hasBegun = mean != nil
        writer.write(hasBegun)
        window.write(to: &writer)
        writer.write(observed)
    }
    public init(_ parameters: Parameters, from reader: inout BinaryReader) throws(CorruptData) {
        self.init(parameters)
        let hasBegun = try reader.bool()
        window = try ArrivalWindow(capacity: capacity, from: &reader)
        observed = try reader.tally()
        if hasBegun { fit() }
    }
}
