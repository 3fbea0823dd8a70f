import BinaryCoding

/// The detector that learns nothing: it suspects a node after a fixed silence.
///
/// Most systems have it, and it is hard to beat where nothing varies. Akka calls it `DeadlineFailureDetector`,
/// Hazelcast `deadline` (60 s, its default), Chen et al. the simple algorithm, SFD. It has no φ.
public struct FixedModel: BaselineModel {
    public struct Parameters: DetectorParameters {
        /// The silence after which a node is suspected.
        public var timeout = Duration.seconds(3)
        public init() {}

        public typealias Model = FixedModel
        public static let detectorName = "fixed"
        public static let named: [NamedParameter<Self>] = [
            .duration("timeout", \.timeout, atLeast: .nanoseconds(1))
        ]
    }
    /// The timeout decides when to suspect, not the policy.
    public static let usesPolicy = false

    private let timeout: Int64  // ns
    private var interval = SendingInterval(given: nil)  // only used by `expectedGap`

    public init(_ parameters: Parameters) {
        precondition(parameters.areAllowed, "\(parameters)")
        timeout = parameters.timeout.nanoseconds
    }
    public static func threshold(for policy: Policy) {}

    public mutating func begin(announcedInterval: Int64) { interval.begin(announcedInterval: announcedInterval) }
    public mutating func observe(_ arrival: Arrival) { interval.observe(arrival) }

    public func timeout(until threshold: Void) -> Int64? { timeout }
    public func phi(after silence: Int64) -> Double? { nil }
    public var expectedGap: Int64? { interval.nanoseconds.map { Int64(saturating: $0) } }
    public var samples: Int { 0 }
}

extension FixedModel {
    public static let stateVersion = "fixed/1"

    public func write(to writer: inout BinaryWriter) { interval.write(to: &writer) }
    public init(_ parameters: Parameters, from reader: inout BinaryReader) throws(CorruptData) {
        self.init(parameters)
        interval = try SendingInterval(given: nil, from: &reader)
    }
}
