import PhiAccrual

/// A detector that receives recorded inputs again, possibly under other policies, while its quality is measured.
public struct ReplayedDetector<Model: ArrivalModel> {
    /// The result of one fresh heartbeat.
    public struct JudgedHeartbeat {
        public var key: NodeKey
        public var sequence: UInt32
        public var at: Instant
        /// Suspicion at that instant, before the heartbeat was applied; nil while undefined.
        public var phi: Double?
        /// When the node is suspected without a further heartbeat; nil while undefined.
        public var deadline: Instant?
    }
    public private(set) var detector: Detector<Model>
    private let level: Int
    /// Maps the recorded policies to those that apply instead; nil: the recorded ones apply.
    private let policies: ((PolicyTable) -> PolicyTable)?
    private let isJudged: (NodeKey) -> Bool
    private var events: [Event] = []

    /// - Parameters:
    ///   - detector: The detector in its initial state.
    ///   - level: The level whose deadlines are judged.
    ///   - policies: Maps the recorded policies to those that apply instead; nil: the recorded ones apply. Other
    ///     policies set deadlines at other instants than those in the recorded inputs, so the detector then handles
    ///     each deadline at its own instant.
    ///   - isJudged: Whether the heartbeats of a node count.
    public init(
        _ detector: Detector<Model>, at start: Instant, level: Int = 0,
        under policies: ((PolicyTable) -> PolicyTable)? = nil,
        where isJudged: @escaping (NodeKey) -> Bool = { _ in true }
    ) {
        self.detector = detector
        (self.level, self.policies, self.isJudged) = (level, policies, isJudged)
        if let policies { self.detector.apply(.policies(policies(detector.policies), at: start), into: &events) }
    }

    /// Returns and clears the events emitted since the last call.
    public mutating func dequeueEvents() -> [Event] {
        defer { events = [] }
        return events
    }

    public mutating func apply(
        _ input: DetectorInput, by accumulator: inout QualityAccumulator, onHeartbeat: (JudgedHeartbeat) throws -> Void
    ) rethrows {
        if policies != nil, let now = input.instant { detector.advanceIdeally(before: now, into: &events) }
        switch input {
        case .heartbeats(let heartbeats, let now):
            for heartbeat in heartbeats { try record(heartbeat, at: now, by: &accumulator, onHeartbeat) }
        case .policies(let proposed, let now):
            detector.apply(.policies(policies?(proposed) ?? proposed, at: now), into: &events)
        default: detector.apply(input, into: &events)
        }
    }

    private mutating func record(
        _ heartbeat: Heartbeat, at now: Instant, by accumulator: inout QualityAccumulator,
        _ onHeartbeat: (JudgedHeartbeat) throws -> Void
    ) rethrows {
        let key = heartbeat.key
        let phi = detector.phi(of: key, at: now)
        let deadlineBefore = detector.deadline(of: key, level: level)
        guard detector.receive(heartbeat, at: now, into: &events).isNew, isJudged(key) else { return }
        let deadline = detector.deadline(of: key, level: level)
        accumulator.record(heartbeat, at: now, phi: phi, deadlineBefore: deadlineBefore, deadline: deadline)
        try onHeartbeat(JudgedHeartbeat(key: key, sequence: heartbeat.sequence, at: now, phi: phi, deadline: deadline))
    }
}

/// Accumulates the quality of service over fresh heartbeats, across several segment starts.
public struct QualityAccumulator {
    private struct Last {
        var number: Int
        var incarnation: UInt32
        var sequence: UInt32
    }
    public private(set) var quality: QualityRecorder
    private var last: [NodeKey: Last] = [:]

    /// - Parameter warmUp: Number of fresh heartbeats per node before judging begins.
    public init(warmUp: Int = 0) { quality = QualityRecorder(warmUp: warmUp) }

    mutating func record(
        _ heartbeat: Heartbeat, at now: Instant, phi: Double?, deadlineBefore: Instant?, deadline: Instant?
    ) {
        let before = last[heartbeat.key]
        let number = before?.number ?? last.count
        last[heartbeat.key] = Last(
            number: number, incarnation: heartbeat.incarnation, sequence: heartbeat.sequence)
        let ahead = before.map { Int64(Int32(bitPattern: heartbeat.sequence &- $0.sequence)) }
        quality.record(
            JudgedArrival(
                node: number, at: now.nanoseconds,
                step: before?.incarnation == heartbeat.incarnation ? ahead.map { max(1, $0) } : nil,
                delay: nil, phi: phi, previousDeadline: deadlineBefore?.nanoseconds,
                deadline: deadline?.nanoseconds))
    }
}
