import BinaryCoding
import Configuration
import HeartbeatProtocol
import PhiAccrual
import Recordings

/// Where the service records, and how its recordings name their writer.
struct RecordingSession: Sendable {
    /// Nil: it cannot record.
    var bounds: RecordingBounds?
    /// The detector, in the notation of `DetectorSpec`.
    var detector: String
    /// Recorders that are ending.
    let ending = RecorderShutdown()

    /// Program name and version in the header of recordings.
    static let program = "phi \(ProgramVersion.current)"
}

extension DetectorLoop {
    mutating func startRecording(at now: Instant) throws {
        guard let bounds = recording.bounds else { return }
        // Earlier inputs are part of the checkpoint.
        _ = detector.dequeueRecords(at: now)
        recorder = try Recorder(bounds, makeSegmentHeader(at: now)())
        detector.isRecorded = true
    }

    mutating func stopRecording() {
        detector.isRecorded = false
        if let recorder { recording.ending.add(recorder) }
        recorder = nil
    }

    /// Makes the beginning of a file. Copies the detector at once; the returned closure encodes it.
    func makeSegmentHeader(at now: Instant) -> @Sendable () -> SegmentStart {
        let header = RecordingHeader(
            createdAt: now.nanoseconds.addingSaturated(wallOffset), start: now, wallOffset: wallOffset,
            program: RecordingSession.program, detector: recording.detector)
        let detector = detector.detector
        return {
            var checkpoint = BinaryWriter()
            detector.write(to: &checkpoint)
            let names = detector.identities.map { KnownName($0.identity, key: $0.key) }
            return SegmentStart(header, checkpoint: checkpoint.bytes, names: names)
        }
    }

    // MARK: Requests

    mutating func record(_ isOn: Bool, at now: Instant) throws(ControlError) -> RecordAnswer {
        guard let bounds = recording.bounds else {
            throw ControlError(
                .refused, "cannot record: this detector has no recording folder; start it with --record DIR")
        }
        if !isOn {
            if let records = detector.dequeueRecords(at: now) { recorder?.write(records) }
            stopRecording()
        } else if recorder == nil {
            do { try startRecording(at: now) } catch { throw ControlError(.refused, "\(error)") }
        }
        return RecordAnswer(folder: bounds.folder, file: recorder?.path)
    }

    /// Answers from a background task, since the answer takes long.
    mutating func whatIf(_ request: WhatIfRequest, to sink: ReplySink, at now: Instant) throws(ControlError) {
        let policies = detector.detector.policies
        let level =
            try request.level.map { name throws(ControlError) in try self.level(named: name, in: policies) } ?? 0
        var proposed = policies
        proposed.set(request.policy, level: level, from: Origin(.tune, for: request.scope))
        try check(proposed)
        if let records = detector.dequeueRecords(at: now) { recorder?.write(records) }
        guard let recent = detector.recent else {
            throw ControlError(
                .refused,
                "cannot answer what-if: recent arrivals are not kept because too many nodes are watched; "
                    + "record them with --record DIR, and use 'phi replay DIR --policy \(request.policy)'")
        }
        guard whatIfGate.begin() else {
            throw ControlError(
                .refused, "cannot answer what-if: another what-if request is running; try again in a minute")
        }
        let question = WhatIf(
            recent: recent, request: request, level: level, policies: policies, proposed: proposed, now: now)
        let (publisher, whatIfGate) = (publisher, whatIfGate)
        Task.detached(priority: .background) {
            publisher.put(.answer(question.answer(), to: sink))
            whatIfGate.end()
        }
    }
}
