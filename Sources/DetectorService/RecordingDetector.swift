import PhiAccrual
import Recordings

/// The service's detector. Records all inputs, so that they can be applied again.
struct RecordingDetector<Model: ArrivalModel> {
    private(set) var detector: Detector<Model>
    /// Inputs since they were last dequeued.
    private var records = RecordBuffer()
    /// Inputs of the last minutes; nil if none are kept.
    private(set) var recent: RecentInputs<Model>?
    /// Whether a recorder needs the records.
    var isRecorded = false

    /// - Parameter start: The first instant of the detector.
    init(_ detector: Detector<Model>, at start: Instant) {
        self.detector = detector
        if RecentInputs.fits(detector) { recent = RecentInputs(from: detector, at: start) }
    }

    private var isRecording: Bool { isRecorded || recent != nil }

    var nextDeadline: Instant? { mutating get { detector.nextDeadline } }

    mutating func apply(_ input: DetectorInput, into events: inout [Event]) {
        if isRecording { records.append(input) }
        detector.apply(input, into: &events)
    }

    /// The most frequent input does not go through `apply`.
    mutating func receive(_ batch: Span<Heartbeat>, at now: Instant, into events: inout [Event]) {
        if isRecording { records.append(batch, at: now) }
        detector.receive(batch, at: now, into: &events)
    }
    mutating func advance(to now: Instant, into events: inout [Event]) {
        let stepCount = detector.stepCount
        detector.advance(to: now, into: &events)
        // Most steps find nothing due and change nothing, so they are not recorded.
        if isRecording, detector.stepCount != stepCount { records.append(.advance(to: now)) }
    }
    /// - Returns: False if there is no room for one more node.
    mutating func announce(
        _ identity: NodeIdentity, key: NodeKey, at now: Instant, into events: inout [Event]
    ) -> Bool {
        if isRecording { records.append(.announcement(identity, key, at: now)) }
        return detector.announce(identity, key: key, at: now, into: &events)
    }
    mutating func setTimestampUncertainty(_ nanoseconds: Int64) {
        // It decays continuously; a change of less than a sixteenth makes no difference.
        guard abs(nanoseconds - detector.timestampUncertainty) > max(detector.timestampUncertainty, nanoseconds) / 16
        else { return }
        if isRecording { records.append(.timestampUncertainty(nanoseconds)) }
        detector.timestampUncertainty = nanoseconds
    }
    mutating func setBacklog(_ hasBacklog: Bool) {
        guard hasBacklog != detector.hasBacklog else { return }
        if isRecording { records.append(.backlog(hasBacklog)) }
        detector.hasBacklog = hasBacklog
    }
    mutating func setWallOffset(_ offset: Int64) {
        if isRecording { records.append(wallOffset: offset) }
    }

    // MARK: Records

    /// Returns the inputs recorded since the last call; nil if there are none.
    mutating func dequeueRecords(at now: Instant) -> RecordBuffer? {
        guard !records.bytes.isEmpty else { return nil }
        // Reserves room for a quarter more than last time, so that heartbeats cause no allocation.
        var taken = RecordBuffer(reserving: records.bytes.count + records.bytes.count / 4)
        swap(&taken, &records)
        recent?.append(taken, at: now)
        if let recent, recent.isFull(of: detector, at: now) { self.recent = recent.next(from: detector, at: now) }
        return taken
    }
}
