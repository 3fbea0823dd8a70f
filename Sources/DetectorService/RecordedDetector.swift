import PhiAccrual

/// The service's detector, which is told nothing in passing: whatever it is told can be recorded, and told again.
struct RecordedDetector<Model: ArrivalModel> {
    private(set) var detector: Detector<Model>

    init(_ detector: Detector<Model>) { self.detector = detector }

    var nextDeadline: Instant? { mutating get { detector.nextDeadline } }

    mutating func tell(_ input: DetectorInput, into events: inout [Event]) {
        detector.take(input, into: &events)
    }

    /// What comes most often takes no detour.
    mutating func receive(_ batch: Span<Heartbeat>, at now: Instant, into events: inout [Event]) {
        detector.receive(batch, at: now, into: &events)
    }
    mutating func advance(to now: Instant, into events: inout [Event]) {
        detector.advance(to: now, into: &events)
    }
    mutating func setStampError(_ nanoseconds: Int64) {
        guard nanoseconds != detector.stampError else { return }
        detector.stampError = nanoseconds
    }
    /// - Returns: False if there is no room for one more node.
    mutating func introduce(
        _ identity: NodeIdentity, key: NodeKey, at now: Instant, into events: inout [Event]
    ) -> Bool {
        detector.introduce(identity, key: key, at: now, into: &events)
    }
}
