import BinaryCoding

/// The accrual detector of the original paper: gaps follow a normal distribution fitted to the most recent ones.
///
/// `φ(t) = −log₁₀ P(gap > t)` with the window's mean and standard deviation. It departs from the paper in two points:
/// - The standard deviation has a floor, as a share of the mean gap. On a quiet machine the learned deviation is
///   microseconds, and one hiccup of the scheduler would cause a suspicion.
/// - The first known interval (announced, otherwise the first gap) enters as two pseudo-gaps, a quarter of it below and
///   above, so that the first deadlines are wide. Akka does the same.
///
/// Source: Hayashibara, Défago, Yared, Katayama, “The φ accrual failure detector”, SRDS 2004, section 3.
public struct NormalModel: BaselineModel {
    public struct Parameters: DetectorParameters {
        /// Number of gaps in the window.
        public var window = 1000
        /// Minimum standard deviation, as a share of the mean gap.
        public var floor = 0.1
        public init() {}
        public init(window: Int = 1000, floor: Double = 0.1) {
            self.window = window
            self.floor = floor
        }

        public typealias Model = NormalModel
        public static let detectorName = "normal"
        public static let named: [NamedParameter<Self>] = [
            .window("window", \.window), .number("floor", \.floor, in: 0...100),
        ]
    }
    /// Number of standard deviations beyond the mean at which φ reaches the policy's threshold.
    public typealias Threshold = Double

    public static let usesPolicy = true

    private var window: ArrivalWindow
    private let floor: Double
    private var observed = 0
    private var mean: Double?  // ns; of the window, cached so that reading it costs nothing
    private var deviation = 0.0  // ns, above 0 whenever there is a mean

    public init(_ parameters: Parameters) {
        window = ArrivalWindow(capacity: parameters.window)
        floor = parameters.floor
    }

    public static func threshold(for policy: Policy) -> Double {
        NormalTail.quantile(phi: policy.phiThreshold)
    }

    public mutating func begin(announcedInterval: Int64) {
        if announcedInterval > 0 { addPseudoGaps(announcedInterval) }
    }

    public mutating func observe(_ arrival: Arrival) {
        addPseudoGaps(arrival.gap)
        if window.count == 0 { return }  // heartbeats with equal timestamps give no information about the interval
        window.insert(arrival.gap)
        observed += 1
        fit()
    }

    private mutating func addPseudoGaps(_ interval: Int64) {
        guard window.count == 0, interval > 0 else { return }
        window.insert(interval - interval / 4)
        window.insert(interval.addingSaturated(interval / 4))
        fit()
    }

    private mutating func fit() {
        guard let mean = window.mean, let variance = window.variance else { return }
        self.mean = mean
        // At least one nanosecond: if all timestamps are equal, deviation and mean are both 0.
        deviation = max(1, max(floor * mean, variance.squareRoot()))
    }

    public func timeout(until threshold: Double) -> Int64? {
        mean.map { Int64(saturating: ($0 + threshold * deviation).rounded(.up)) }
    }

    public func phi(after silence: Int64) -> Double? {
        mean.map { max(0, -NormalTail.logSurvival((Double(silence) - $0) / deviation) / ln10) }
    }

    public var expectedGap: Int64? { mean.map { Int64(saturating: $0) } }
    public var samples: Int { min(observed, window.count) }
}

extension NormalModel {
    public static let stateVersion = "normal/1"

    public func write(to writer: inout BinaryWriter) {
        window.write(to: &writer)
        writer.write(observed)
    }
    public init(_ parameters: Parameters, from reader: inout BinaryReader) throws(CorruptData) {
        self.init(parameters)
        window = try ArrivalWindow(capacity: parameters.window, from: &reader)
        observed = try reader.tally()
        fit()
    }
}
