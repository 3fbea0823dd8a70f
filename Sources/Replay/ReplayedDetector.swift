import PhiAccrual
import QualityOfService

/// A detector that is told once more what it was told, perhaps under other policies, and judged by it.
public struct ReplayedDetector<Model: ArrivalModel> {
    /// What became of one fresh heartbeat.
    public struct Heard {
        public var key: NodeKey
        public var sequence: UInt32
        public var at: Instant
        /// Suspicion reached at that instant; nil while undefined.
        public var phi: Double?
        /// When the node is suspected if nothing more comes; nil while undefined.
        public var deadline: Instant?
    }
    public private(set) var detector: Detector<Model>
    private let level: Int
    /// Nil: those that it was told.
    private let policies: ((PolicyTable) -> PolicyTable)?
    private let isJudged: (NodeKey) -> Bool
    private var events: [Event] = []

    /// - Parameters:
    ///   - detector: As it was at the beginning.
    ///   - level: The level whose deadlines are judged.
    ///   - policies: What holds instead of the policies that it was told; nil if these hold. Under others deadlines come at
    ///     other instants than those at which the detector was told to act, so it acts on each as it comes.
    ///   - isJudged: Whose heartbeats count.
    public init(
        _ detector: Detector<Model>, at start: Instant, level: Int = 0,
        under policies: ((PolicyTable) -> PolicyTable)? = nil,
        where isJudged: @escaping (NodeKey) -> Bool = { _ in true }
    ) {
        self.detector = detector
        (self.level, self.policies, self.isJudged) = (level, policies, isJudged)
        if let policies { self.detector.apply(.policies(policies(detector.policies), at: start), into: &events) }
    }

    /// What it told since this was asked last.
    public mutating func dequeueEvents() -> [Event] {
        defer { events = [] }
        return events
    }

    public mutating func apply(
        _ input: DetectorInput, by accumulator: inout QualityAccumulator, onHeard: (Heard) throws -> Void
    ) rethrows {
        if policies != nil, let now = input.instant { detector.advanceIdeally(before: now, into: &events) }
        switch input {
        case .heartbeats(let heartbeats, let now):
            for heartbeat in heartbeats { try record(heartbeat, at: now, by: &accumulator, onHeard) }
        case .policies(let proposed, let now):
            detector.apply(.policies(policies?(proposed) ?? proposed, at: now), into: &events)
        default: detector.apply(input, into: &events)
        }
    }

    private mutating func record(
        _ heartbeat: Heartbeat, at now: Instant, by accumulator: inout QualityAccumulator,
        _ onHeard: (Heard) throws -> Void
    ) rethrows {
        let key = heartbeat.key
        let phi = detector.phi(of: key, at: now)
        let deadlineBefore = detector.deadline(of: key, level: level)
        guard detector.receive(heartbeat, at: now, into: &events).isNew, isJudged(key) else { return }
        let deadline = detector.deadline(of: key, level: level)
        accumulator.record(heartbeat, at: now, phi: phi, deadlineBefore: deadlineBefore, deadline: deadline)
        try onHeard(Heard(key: key, sequence: heartbeat.sequence, at: now, phi: phi, deadline: deadline))
    }
}

/// Keeps the record of how well fresh heartbeats were foreseen, over several beginnings.
public struct QualityAccumulator {
    private struct Last {
        var number: Int
        var incarnation: UInt32
        var sequence: UInt32
    }
    public private(set) var quality: QualityRecorder
    private var last: [NodeKey: Last] = [:]

    /// - Parameter warmUp: How many fresh heartbeats per node come before judging begins.
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
