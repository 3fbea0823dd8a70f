import PhiAccrual
import Recordings

/// The service's detector. Whatever it is told is taken down as well, so that it can be told again.
struct RecordingDetector<Model: ArrivalModel> {
    private(set) var detector: Detector<Model>
    /// What it was told since this was taken last.
    private var records = RecordBuffer()
    /// What it was told of late; nil where nothing is kept.
    private(set) var recent: RecentInputs<Model>?
    /// Whether somebody else wants the records.
    var isRecorded = false

    /// - Parameter start: Its first instant.
    init(_ detector: Detector<Model>, at start: Instant) {
        self.detector = detector
        if RecentInputs.fits(detector) { recent = RecentInputs(from: detector, at: start) }
    }

    private var isTakenDown: Bool { isRecorded || recent != nil }

    var nextDeadline: Instant? { mutating get { detector.nextDeadline } }

    mutating func apply(_ input: DetectorInput, into events: inout [Event]) {
        if isTakenDown { records.append(input) }
        detector.apply(input, into: &events)
    }

    /// What comes most often takes no detour.
    mutating func receive(_ batch: Span<Heartbeat>, at now: Instant, into events: inout [Event]) {
        if isTakenDown { records.append(batch, at: now) }
        detector.receive(batch, at: now, into: &events)
    }
    mutating func advance(to now: Instant, into events: inout [Event]) {
        let stepCount = detector.stepCount
        detector.advance(to: now, into: &events)
        // Most steps find nothing due, and leave everything as it was.
        if isTakenDown, detector.stepCount != stepCount { records.append(.advance(to: now)) }
    }
    /// - Returns: False if there is no room for one more node.
    mutating func announce(
        _ identity: NodeIdentity, key: NodeKey, at now: Instant, into events: inout [Event]
    ) -> Bool {
        if isTakenDown { records.append(.announcement(identity, key, at: now)) }
        return detector.announce(identity, key: key, at: now, into: &events)
    }
    mutating func setTimestampUncertainty(_ nanoseconds: Int64) {
        // It fades all the time; a sixteenth of it makes no difference.
        guard abs(nanoseconds - detector.timestampUncertainty) > max(detector.timestampUncertainty, nanoseconds) / 16
        else { return }
        if isTakenDown { records.append(.timestampUncertainty(nanoseconds)) }
        detector.timestampUncertainty = nanoseconds
    }
    mutating func setBacklog(_ hasBacklog: Bool) {
        guard hasBacklog != detector.hasBacklog else { return }
        if isTakenDown { records.append(.backlog(hasBacklog)) }
        detector.hasBacklog = hasBacklog
    }
    mutating func setWallOffset(_ offset: Int64) {
        if isTakenDown { records.append(wallOffset: offset) }
    }

    // MARK: What was taken down

    /// Hands over what was taken down since the last time, if it is worth it.
    mutating func dequeueRecords(at now: Instant) -> RecordBuffer? {
        guard !records.bytes.isEmpty else { return nil }
        // As much will come until the next time, give or take a quarter: heartbeats find room.
        var taken = RecordBuffer(reserving: records.bytes.count + records.bytes.count / 4)
        swap(&taken, &records)
        recent?.append(taken, at: now)
        if let recent, recent.isFull(of: detector, at: now) { self.recent = recent.next(from: detector, at: now) }
        return taken
    }
}
