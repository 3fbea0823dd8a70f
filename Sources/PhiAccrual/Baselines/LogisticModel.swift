import BinaryCoding

/// The accrual detector of Akka and Pekko, and of Hazelcast, which adopted it.
///
/// Gaps follow a normal distribution whose tail is that of a logistic curve (`LogisticTail`). φ is computed from the
/// silence minus an acceptable pause. As in those systems:
/// - The first heartbeat adds two pseudo-gaps, the estimate minus and plus a quarter of it. They leave the window like
///   any other gap. The interval that a sender announces is ignored: set `first-heartbeat-estimate`, or the first
///   deadlines are those of one heartbeat per second.
/// - The deviation has a floor in absolute time, the same for heartbeats every 10 ms and every hour.
/// - A gap at whose end φ had reached `threshold` is not learned. A node that becomes slower than its deadline is
///   therefore suspected at every heartbeat, forever. Hazelcast intends the same, but records the arrival before it
///   computes φ, which is then that of no silence at all: it learns every gap, outages included (`learns-every-gap`).
/// - Time is counted in whole milliseconds, for arrivals and for silences: heartbeats every 1.5 ms have gaps of 1 ms
///   and 2 ms. The millisecond of the first heartbeat begins with that heartbeat. `resolution=1ns` removes the steps.
///
/// Differences from those systems:
/// - φ continues in logarithms where theirs becomes infinite.
/// - The variance is exact. Their sums are exact too, but the variance computed from them can be negative and make φ
///   NaN.
/// - A deviation of 0, possible when the floor is less than a millisecond, counts as a thousandth of `resolution`. They
///   divide by it.
/// - A node is suspected at the instant when φ reaches the policy's threshold. They compute φ about once a second.
/// - The window has at least two gaps, and what was learned survives a new incarnation.
///
/// Source: `PhiAccrualFailureDetector.scala` in apache/pekko (`remote`) and akka/akka (`akka-remote`), defaults in
/// `cluster/src/main/resources/reference.conf`; `PhiAccrualFailureDetector.java` and
/// `PhiAccrualClusterFailureDetector.java` in hazelcast/hazelcast (`internal.cluster.fd`), defaults in
/// `ClusterProperty.java`.
public struct LogisticModel: BaselineModel {
    public struct Parameters: DetectorParameters {
        /// φ from which on a gap is not learned. The policy decides when to suspect: give both the same number.
        public var threshold = 8.0
        /// Number of gaps in the window.
        public var maxSampleSize = 1000
        /// Minimum standard deviation.
        public var minStdDeviation = Duration.milliseconds(100)
        /// Added to the mean gap: silence that causes no suspicion.
        public var acceptableHeartbeatPause = Duration.seconds(3)
        /// The gap expected before one was seen; `heartbeat-interval` in Akka's configuration.
        public var firstHeartbeatEstimate = Duration.seconds(1)
        /// The step in which time is counted.
        public var resolution = Duration.milliseconds(1)
        /// Whether a gap is learned even if it ended a suspicion.
        public var learnsEveryGap = false
        public init() {}

        /// Akka's and Pekko's defaults in a cluster, for one heartbeat per second.
        public static let akka = Parameters()
        /// Hazelcast's defaults, for heartbeats every 5 s and `phi=10`. `hazelcast.heartbeat.interval.seconds` is
        /// `first-heartbeat-estimate`, and `hazelcast.max.no.heartbeat.seconds` is `acceptable-heartbeat-pause`. The
        /// others are `threshold`, `sample.size` and `min.std.dev.millis` of
        /// `hazelcast.heartbeat.phiaccrual.failuredetector`.
        public static let hazelcast: Parameters = {
            var parameters = Parameters()
            parameters.threshold = 10
            parameters.maxSampleSize = 200
            parameters.acceptableHeartbeatPause = .seconds(60)
            parameters.firstHeartbeatEstimate = .seconds(5)
            parameters.learnsEveryGap = true
            return parameters
        }()

        public var nativeThreshold: Double? {
            get { threshold }
            set { threshold = newValue ?? threshold }
        }

        public typealias Model = LogisticModel
        public static let detectorName = "logistic"
        public static let named: [NamedParameter<Self>] = [
            .phi("threshold", \.threshold),
            .window("max-sample-size", \.maxSampleSize),
            .duration("min-std-deviation", \.minStdDeviation, atLeast: .nanoseconds(1)),
            .duration("acceptable-heartbeat-pause", \.acceptableHeartbeatPause),
            .duration("first-heartbeat-estimate", \.firstHeartbeatEstimate, atLeast: .nanoseconds(1)),
            .duration("resolution", \.resolution, atLeast: .nanoseconds(1)),
            .flag("learns-every-gap", \.learnsEveryGap),
        ]
    }
    /// Number of deviations beyond mean and pause at which φ reaches the policy's threshold.
    public typealias Threshold = Double
    /// The policy decides when to suspect.
    public static let usesPolicy = true

    private var window: ArrivalWindow  // of gaps in ticks
    private let resolution: Int64  // ns per tick
    private let minDeviation: Double  // ticks
    private let pause: Double  // ticks
    private let maxLearnedDeviations: Double  // deviations
    private let firstEstimate: Int64  // ticks
    private var observed = 0
    private var sinceTick: Int64 = 0  // ns; from the last tick to the last arrival
    private var hasBegun = false
    private var mean = 0.0  // ticks
    private var deviation = 1.0  // ticks

    public init(_ parameters: Parameters) {
        precondition(parameters.areAllowed, "\(parameters)")
        window = ArrivalWindow(capacity: parameters.maxSampleSize)
        let resolution = parameters.resolution.nanoseconds
        self.resolution = resolution
        // Those systems also truncate their durations to whole milliseconds.
        minDeviation = max(0.001, Double(parameters.minStdDeviation.nanoseconds / resolution))
        pause = Double(parameters.acceptableHeartbeatPause.nanoseconds / resolution)
        firstEstimate = parameters.firstHeartbeatEstimate.nanoseconds / resolution
        maxLearnedDeviations = parameters.learnsEveryGap ? .infinity : LogisticTail.quantile(phi: parameters.threshold)
    }
    public static func threshold(for policy: Policy) -> Double { LogisticTail.quantile(phi: policy.phiThreshold) }

    public mutating func begin(announcedInterval: Int64) {
        hasBegun = true
        sinceTick = 0
        guard window.count == 0 else { return }
        window.insert(firstEstimate - firstEstimate / 4)
        window.insert(firstEstimate + firstEstimate / 4)
        fit()
    }

    public mutating func observe(_ arrival: Arrival) {
        if !hasBegun { begin(announcedInterval: 0) }
        let end = sinceTick.addingSaturated(arrival.gap)
        let gap = end / resolution
        sinceTick = end % resolution
        guard deviations(gap) < maxLearnedDeviations else { return }
        window.insert(gap)
        observed += 1
        fit()
    }

    private mutating func fit() {
        guard let mean = window.mean, let variance = window.variance else { return }
        self.mean = mean
        deviation = max(minDeviation, variance.squareRoot())
    }

    /// Number of deviations by which a silence exceeds the mean gap plus the acceptable pause.
    private func deviations(_ ticks: Int64) -> Double { (Double(ticks) - (mean + pause)) / deviation }

    public func timeout(until threshold: Double) -> Int64? {
        guard hasBegun else { return nil }
        let tick = Int64.first(near: mean + pause + threshold * deviation) { deviations($0) >= threshold }
        let (instant, overflow) = tick.multipliedReportingOverflow(by: resolution)
        return overflow ? (tick < 0 ? .min : .max) : instant.subtractingSaturated(sinceTick)
    }

    public func phi(after silence: Int64) -> Double? {
        guard hasBegun else { return nil }
        return LogisticTail.phi(deviations(sinceTick.addingSaturated(max(0, silence)) / resolution))
    }

    public var expectedGap: Int64? { hasBegun ? Int64(saturating: mean * Double(resolution)) : nil }
    public var samples: Int { min(observed, window.count) }
}

extension LogisticModel {
    public static let stateVersion = "logistic/1"

    public func write(to writer: inout BinaryWriter) {
        writer.write(hasBegun)
        window.write(to: &writer)
        writer.write(observed)
        writer.write(sinceTick)
    }
    public init(_ parameters: Parameters, from reader: inout BinaryReader) throws(CorruptData) {
        self.init(parameters)
        hasBegun = try reader.bool()
        window = try ArrivalWindow(capacity: parameters.maxSampleSize, from: &reader)
        observed = try reader.tally()
        sinceTick = try reader.integer(in: 0...resolution - 1)
        fit()
    }
}
