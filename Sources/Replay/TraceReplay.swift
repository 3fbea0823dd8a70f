import PhiAccrual
import QualityOfService
import Traces

/// Runs recorded arrivals through the very machine that watches live nodes, and judges it.
///
/// Time comes from the trace, and the observer is ideal: every deadline is acted on at its instant. Equal traces give
/// equal results.
public struct TraceReplay<Model: ArrivalModel> {
    /// What became of one fresh heartbeat.
    public struct Step: Hashable, Sendable {
        public var node: String
        public var sequence: Int64
        public var arrival: Int64  // ns
        /// Suspicion reached at the instant the heartbeat was taken; nil while undefined.
        public var phi: Double?
        /// When the node is suspected if nothing more comes; nil while undefined.
        public var deadline: Int64?  // ns
    }

    private var detector: Detector<Model>
    private let announcedInterval: Int64
    private var quality: QualityRecorder
    private var lastFresh: [Int64?] = []  // sequence, by the trace's number of the node
    public var levels: [Level] { detector.levels }

    /// - Parameters:
    ///   - interval: What every node is taken to announce; nil has it learned from the trace.
    ///   - warmUp: How many fresh heartbeats per node come before judging begins.
    public init(levels: [Level], model: Model.Parameters, interval: Duration? = nil, warmUp: Int = 0) {
        detector = Detector(.init(levels: levels, model: model, retention: nil, capacity: Int(Int32.max)))
        announcedInterval = interval?.nanoseconds ?? 0
        quality = QualityRecorder(warmUp: warmUp)
    }

    /// Runs the trace to its end. A node that falls silent before that is suspected; the trace's own end is no silence.
    ///
    /// - Parameter onProgress: Told now and then which share of the file was read, if that is known.
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

    /// A trace may call its nodes anything. What is no `group/name` gets the group `trace`, and a number where needed.
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
