import Configuration
import HeartbeatProtocol
import PhiAccrual
import Recordings

/// Where the service records, and how its recordings say who wrote them.
struct RecordingSession: Sendable {
    /// Nil: nowhere.
    var bounds: RecordingBounds?
    /// The detector as `DetectorSpec` reads it.
    var detector: String
    /// Who was told to end.
    let ending = RecorderShutdown()

    /// Name and version of this program.
    static let program = "phi 0.1.0"
}

extension DetectorLoop {
    mutating func startRecording(at now: Instant) throws {
        guard let bounds = recording.bounds else { return }
        // What was told before is in the checkpoint.
        _ = detector.dequeueRecords(at: now)
        recorder = try Recorder(bounds, makeSegmentHeader(at: now)())
        detector.isRecorded = true
    }

    mutating func stopRecording() {
        detector.isRecorded = false
        if let recorder { recording.ending.add(recorder) }
        recorder = nil
    }

    /// Everything that a file begins with. The detector is copied here, and written down by who calls it.
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

    // MARK: Orders

    mutating func record(_ isOn: Bool, at now: Instant) throws(ControlError) -> RecordAnswer {
        guard let bounds = recording.bounds else {
            throw ControlError(.refused, "this detector has no folder to record in: start it with --record DIR")
        }
        if !isOn {
            if let records = detector.dequeueRecords(at: now) { recorder?.write(records) }
            stopRecording()
        } else if recorder == nil {
            do { try startRecording(at: now) } catch { throw ControlError(.refused, "\(error)") }
        }
        return RecordAnswer(folder: bounds.folder, file: recorder?.path)
    }

    /// The answer takes long, and comes from a task of its own.
    mutating func whatIf(_ order: WhatIfRequest, to address: ReplyAddress, at now: Instant) throws(ControlError) {
        let policies = detector.detector.policies
        let level = try order.level.map { name throws(ControlError) in try self.level(named: name, in: policies) } ?? 0
        var proposed = policies
        proposed.set(order.policy, level: level, from: Origin(.tune, for: order.scope))
        try check(proposed)
        if let records = detector.dequeueRecords(at: now) { recorder?.write(records) }
        guard let recent = detector.recent else {
            throw ControlError(
                .refused,
                "too many nodes are watched for their arrivals to be kept: record them (--record DIR), and "
                    + "ask 'phi replay DIR --policy \(order.policy)'")
        }
        guard whatIfGate.begin() else {
            throw ControlError(.refused, "another question of what would be is being answered: ask again in a minute")
        }
        let question = WhatIf(
            recent: recent, order: order, level: level, policies: policies, proposed: proposed, now: now)
        let (feed, whatIfGate) = (feed, whatIfGate)
        Task.detached(priority: .background) {
            feed.put(.answer(question.answer(), to: address))
            whatIfGate.end()
        }
    }
}
