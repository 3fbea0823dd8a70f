import PhiAccrual
import Traces

/// Runs recorded arrivals through the same `Detector` that watches live nodes, and measures its quality of service.
///
/// Time comes from the trace, and the observer is ideal: every deadline is handled at its exact instant. Equal traces
/// give equal results.
public struct TraceReplay<Model: ArrivalModel> {
    /// The result of one fresh heartbeat.
    public struct Step: Hashable, Sendable {
        public var node: String
        public var sequence: Int64
        public var arrival: Int64  // ns
        /// Suspicion at this arrival, before it was applied; nil while undefined.
        public var phi: Double?
        /// When the node is suspected without a further heartbeat; nil while undefined.
        public var deadline: Int64?  // ns
    }

    private var detector: Detector<Model>
    private let announcedInterval: Int64
    private var quality: QualityRecorder
    private var lastFresh: [Int64?] = []  // sequence number, by the trace's index of the node
    public var levels: [Level] { detector.levels }

    /// - Parameters:
    ///   - interval: The interval that every node announces; nil: the detector learns it from the trace.
    ///   - warmUp: Number of fresh heartbeats per node before judging begins.
    public init(levels: [Level], model: Model.Parameters, interval: Duration? = nil, warmUp: Int = 0) {
        detector = Detector(.init(levels: levels, model: model, retention: nil, capacity: Int(Int32.max)))
        announcedInterval = interval?.nanoseconds ?? 0
        quality = QualityRecorder(warmUp: warmUp)
    }

    /// Runs the trace to its end. A node that falls silent before the end is suspected. The end of the trace itself
    /// does not count as silence.
    ///
    /// - Parameter onProgress: Called periodically with the share of the file that was read, or nil if it is unknown.
    public mutating func run(
        _ trace: consuming TraceReader, onEvent: (Event) throws -> Void = { _ in },
        onProgress: (Double?) -> Void = { _ in }, onStep: (Step) throws -> Void
    ) throws {
        var events: [Event] = []
        var rows = 0
        while let row = try trace.next() {
            rows += 1
            if rows % 1024 == 0 { onProgress(trace.share) }
            let now = Instant(nanoseconds: row.arrival)
            let key = NodeKey(rawValue: UInt64(row.node))
            if row.node == lastFresh.count {
                lastFresh.append(nil)
                let identity = Self.identity(ofNode: trace.nodes[row.node], numbered: row.node)
                detector.announce(identity, key: key, at: now, into: &events)
            }
            detector.advanceIdeally(before: now, into: &events)
            let phi = detector.phi(of: key, at: now)
            let previousDeadline = detector.deadline(of: key)
            let reception = detector.receive(
                Heartbeat(
                    key: key, sequence: UInt32(truncatingIfNeeded: row.sequence), sent: row.sent,
                    announcedInterval: announcedInterval), at: now, into: &events)
            for event in events { try onEvent(event) }
            events.removeAll(keepingCapacity: true)
            guard reception.isNew else { continue }

            let deadline = detector.deadline(of: key)?.nanoseconds
            quality.record(
                JudgedArrival(
                    node: row.node, at: row.arrival,
                    step: lastFresh[row.node].map { max(1, row.sequence.subtractingSaturated($0)) },
                    delay: row.sent.map { row.arrival.subtractingSaturated($0) }, phi: phi,
                    previousDeadline: previousDeadline?.nanoseconds, deadline: deadline))
            lastFresh[row.node] = row.sequence
            try onStep(
                Step(
                    node: trace.nodes[row.node], sequence: row.sequence, arrival: row.arrival, phi: phi,
                    deadline: deadline))
        }
    }

    public func report() -> QualityReport { quality.report() }

    /// A trace may use any node names. A name that is not `group/name` gets the group `trace`; an invalid one is
    /// replaced by a number.
    private static func identity(ofNode name: String, numbered number: Int) -> NodeIdentity {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let (group, node) = parts.count == 2 ? (parts[0], parts[1]) : ("trace", name)
        if let identity = try? NodeIdentity(group: group, name: node) { return identity }
        guard let identity = try? NodeIdentity(group: "trace", name: "node \(number)") else {
            preconditionFailure("a number makes a valid name")
        }
        return identity
    }
}
