import Configuration
import EventLoop
import HeartbeatProtocol
import Logging
import PhiAccrual
import ReceivingService
import ZeroMQ

/// The thread that owns the heartbeat sockets and the detector.
///
/// One turn: wait, receive everything that has arrived, handle deadlines, publish the events. Deadlines are handled
/// only up to an instant after which the sockets reported “nothing more”: a heartbeat that waited in a queue while the
/// loop was slow is not silence.
struct DetectorLoop<Model: ArrivalModel>: ~Copyable {
    /// Limits of a turn, so that deadlines and requests get their share.
    private static var messagesPerTurn: Int { 4096 }
    private static var timePerTurn: Duration { .milliseconds(5) }
    /// Heartbeats per reading of the clock: a reading costs as much as several cache misses.
    private static var batch: Int { 256 }
    /// Interval at which records are passed to the recorder.
    private static var flushInterval: Duration { .milliseconds(100) }
    /// Tolerated error of civil time. A slewed clock, at 50 µs per tick, takes at least two ticks for it.
    private static var clockTolerance: Int64 { 100_000 }  // ns
    private let sockets: HeartbeatSockets
    /// The nodes whose heartbeats are received.
    let shard: Shard
    var detector: RecordingDetector<Model>
    private var loop: EventLoop
    private let requests: Mailbox<DetectorLoopInput>
    private let requestSlot: Int
    /// Drained from the mailbox, and not answered yet.
    private var pendingRequests: ArraySlice<DetectorLoopInput> = []
    let publisher: Mailbox<EventPublisherInput>
    let logger: Logger
    let clocks: ServiceClocks

    private var message = Message()
    private var heartbeats: [Heartbeat] = []
    /// Announcements in the present batch.
    private var announced: [NodeAnnouncement] = []
    var events: [Event] = []
    private(set) var announcements = NodeAnnouncements()
    private(set) var malformed = RateLimitedLog<MalformedHeartbeat>()
    private var connections = Connections()
    let recording: RecordingSession
    var recorder: Recorder?
    /// Offset from instants to civil time, in nanoseconds. It changes rarely, and each change is recorded, so that
    /// replays report the same times.
    private(set) var wallOffset: Int64
    private var lastFlush = MonotonicClock.now
    /// Admits one what-if request at a time.
    let whatIfGate = WhatIfGate()
    /// Nodes that should be heard, and how long each may take to join.
    var expected: Set<NodeIdentity> = []
    var joinWithin: Duration
    private var selfObservation = SelfObservation(at: MonotonicClock.now)
    /// What self-observation concluded, until it is applied.
    private var conclusions: [SelfObservation.Conclusion] = []
    private var pauseLog = RateLimitedLog<String>()
    private var refusalLog = RateLimitedLog<Int32>()
    /// Nil if there is no state store, or it was lost.
    var learnedStateSchedule: LearnedStateSchedule?

    init(
        sockets: consuming HeartbeatSockets, detector: Detector<Model>, shard: Shard, expected: [NodeIdentity],
        joinWithin: Duration, learnedStateSchedule: LearnedStateSchedule?, recording: RecordingSession,
        requests: Mailbox<DetectorLoopInput>,
        publisher: Mailbox<EventPublisherInput>,
        clocks: ServiceClocks,
        logger: Logger,
        stop: WakeUp
    ) throws {
        loop = EventLoop(until: stop, timer: try DeadlineTimer())
        requestSlot = loop.add(requests)
        sockets.add(to: &loop)
        self.sockets = sockets
        self.shard = shard
        let now = MonotonicClock.now
        self.detector = RecordingDetector(detector, at: now)
        self.recording = recording
        wallOffset = clocks.civilOffset
        (self.requests, self.publisher, self.clocks, self.logger) = (requests, publisher, clocks, logger)
        self.joinWithin = joinWithin
        heartbeats.reserveCapacity(Self.batch)
        self.learnedStateSchedule = learnedStateSchedule
        expect(expected, at: now)
    }

    // Unspecialised code would look up the types of this value's parts for each frame. The rest of a turn is
    // specialised with it.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    mutating func run() throws {
        var awake = MonotonicClock.now
        while true {
            var asleep = MonotonicClock.now
            selfObservation.worked(from: awake, to: asleep, into: &conclusions)
            if applyConclusions() {
                asleep = MonotonicClock.now  // handling a pause is no pause, which would take as long again
            }
            let wakeUp =
                pendingRequests.isEmpty
                ? selfObservation.nextWakeUp(after: asleep, deadline: detector.nextDeadline) : asleep
            try loop.wait(until: wakeUp)
            awake = MonotonicClock.now
            selfObservation.polled(from: asleep, to: awake, wakeUp: wakeUp, into: &conclusions)
            applyConclusions()
            if let reading = clocks.reading {
                selfObservation.read(reading, at: awake, into: &conclusions)
                if !conclusions.isEmpty { followCivilTime() }
                applyConclusions()
            }
            if loop.isStopped { return finish() }
            try turn(after: awake)
            if loop.isReadable(requestSlot) || !pendingRequests.isEmpty { answerRequests() }
            if awake - lastFlush >= Self.flushInterval { flushRecording(at: awake) }
            persistLearnedState(at: awake)
        }
    }

    /// Answers as many requests as fit in a turn: a client with many expensive requests must not pause the loop.
    private mutating func answerRequests() {
        let start = MonotonicClock.now
        if pendingRequests.isEmpty { pendingRequests = requests.drain()[...] }
        while let request = pendingRequests.popFirst() {
            answer(request)
            if MonotonicClock.now - start > Self.timePerTurn { return }
        }
    }

    private mutating func turn(after awake: Instant) throws {
        let start = MonotonicClock.now
        selfObservation.beganTurn(at: start, awake: awake)
        let isComplete = try drain(since: start)
        detector.setBacklog(!isComplete)
        selfObservation.drained(completely: isComplete, since: start, into: &conclusions)
        applyConclusions()
        if isComplete,
            selfObservation.mayAdvance(to: start, nextDeadline: detector.nextDeadline, at: MonotonicClock.now)
        {
            detector.advance(to: start, into: &events)
        }
        try drainConnectionEvents(at: start)
        publishEvents()
    }

    /// Applies what self-observation concluded. Returns whether there was anything to apply.
    @discardableResult
    private mutating func applyConclusions() -> Bool {
        guard !conclusions.isEmpty else { return false }
        for conclusion in conclusions {
            switch conclusion {
            case .ignoreSilence(let start, let end):
                detector.apply(.ignoredSilence(from: start, to: end), into: &events)
            case .report(let finding, let now):
                log(finding, at: now)
                publisher.put(.notice(.observed(finding), at: now))
            }
        }
        conclusions.removeAll(keepingCapacity: true)
        return true
    }

    private mutating func log(_ finding: SelfObservation.Finding, at now: Instant) {
        switch finding {
        case .paused(let time):
            pauseLog.count("paused", at: now) { [logger] count in
                logger.warning(
                    "detector was paused for \(time.nanoseconds.seconds.formattedDuration); node timeouts extended",
                    metadata: ["seconds": "\(time.nanoseconds.seconds)", "count": "\(count)"])
            }
        case .overloaded:
            logger.warning(
                "overloaded: heartbeats arrive faster than they are applied; no node is suspected until the backlog is drained"
            )
        case .caughtUp(let time):
            logger.info(
                "backlog drained after \(time.nanoseconds.seconds.formattedDuration) of overload; silent nodes are suspected again",
                metadata: ["seconds": "\(time.nanoseconds.seconds)"])
        case .machineSuspended(let time):
            logger.warning(
                "machine was suspended for \(time.nanoseconds.seconds.formattedDuration); node timeouts extended",
                metadata: ["seconds": "\(time.nanoseconds.seconds)"])
        case .clockStepped(let time):
            logger.warning(
                "wall clock jumped by \(time.nanoseconds.seconds.formattedDuration); verdicts do not depend on it",
                metadata: ["seconds": "\(time.nanoseconds.seconds)"])
        }
    }

    private mutating func flushRecording(at now: Instant) {
        lastFlush = now
        followCivilTime()
        let records = detector.dequeueRecords(at: now)
        guard let recorder else { return }
        if let records { recorder.write(records) }
        if let reason = recorder.failure {
            stopRecording()
            logger.error("recording stopped; later inputs are not recorded", metadata: ["reason": "\(reason)"])
            publisher.put(.notice(.recordingStopped(reason), at: now))
        } else if recorder.wantsBeginning {
            recorder.begin(makeSegmentHeader(at: now))
        }
    }

    private mutating func followCivilTime() {
        let offset = clocks.civilOffset
        guard abs(offset.subtractingSaturated(wallOffset)) > Self.clockTolerance else { return }
        wallOffset = offset
        detector.setWallOffset(offset)
    }

    private mutating func finish() {
        flushRecording(at: MonotonicClock.now)
        stopRecording()
        persistAllLearnedState()
    }

    mutating func publishEvents() {
        guard !events.isEmpty else { return }
        for case .transition(let transition) in events {
            learnedStateSchedule?.note(transition)
            guard transition.to == .forgotten else { continue }
            let key = NodeKey(of: transition.node)
            announcements.forget(key)
            connections.forget(key)
        }
        publisher.put(.events(events, wallOffset: wallOffset))
        events = []  // another thread owns them now: to keep their capacity would be to allocate as much again
    }

    private mutating func drainConnectionEvents(at now: Instant) throws {
        // Bounded, so that heartbeats get their turn.
        for _ in 0..<1000 {
            switch try sockets.connectionEvent() {
            case .closed(let place):
                for key in connections.close(place) { detector.apply(.disconnection(key, at: now), into: &events) }
            case .refused(let code):
                refusalLog.refused(for: code, at: now, alternative: "let nodes share connections", logger: logger)
            case nil: return
            }
        }
    }

    /// Returns whether everything that arrived before `start` was received.
    private mutating func drain(since start: Instant) throws -> Bool {
        var left = Self.messagesPerTurn
        for index in 0..<sockets.count {
            var isEmpty = false
            while !isEmpty {
                isEmpty = try receiveBatch(from: index)
                left -= Self.batch
                if !isEmpty, left <= 0 || MonotonicClock.now - start > Self.timePerTurn { return false }
            }
        }
        return true
    }

    /// Returns whether the socket had fewer messages than a batch.
    private mutating func receiveBatch(from index: Int) throws -> Bool {
        var isEmpty = false
        for _ in 0..<Self.batch {
            guard try sockets.receive(from: index, into: &message) else {
                isEmpty = true
                break
            }
            try read(from: index)
        }
        guard !heartbeats.isEmpty else { return isEmpty }
        let now = MonotonicClock.now
        selfObservation.timestamped(at: now)
        detector.setTimestampUncertainty(selfObservation.timestampUncertainty)
        for announcement in announced {
            let isKept = detector.announce(announcement.identity, key: announcement.key, at: now, into: &events)
            if isKept { announcements.keep(announcement) }
        }
        // Swapped out, since a span of a property would block changes to the loop. Nothing is copied.
        var batch: [Heartbeat] = []
        swap(&batch, &heartbeats)
        detector.receive(batch.span, at: now, into: &events)
        batch.removeAll(keepingCapacity: true)
        swap(&batch, &heartbeats)
        announced.removeAll(keepingCapacity: true)
        return isEmpty
    }

    private mutating func read(from index: Int) throws {
        var isMultipart = false
        while message.hasMore {
            isMultipart = true
            guard try sockets.receive(from: index, into: &message) else { break }
        }
        do throws(MalformedHeartbeat) {
            if isMultipart { throw .multipart }
            // Accesses no property of the loop: each access would count references, for every heartbeat.
            let (heartbeat, announces) = try message.withUnsafeBytes {
                (bytes) throws(MalformedHeartbeat) in try HeartbeatFrame.decode(bytes)
            }
            let announcement = announces ? try announcement(of: heartbeat.key) : nil
            heartbeats.append(heartbeat)
            guard announces else { return }
            if let descriptor = message.sourceFileDescriptor {
                connections.note(heartbeat.key, at: Connections.ConnectionID(socket: index, descriptor: descriptor))
            }
            // A goodbye from an unknown node needs no slot.
            if let announcement, !heartbeat.isLeaving || detector.detector.knows(heartbeat.key) {
                announced.append(announcement)
            }
        } catch {
            malformed.dropped(for: error, at: MonotonicClock.now, logger: logger)
        }
    }

    private func announcement(of key: NodeKey) throws(MalformedHeartbeat) -> NodeAnnouncement? {
        try message.withUnsafeBytes { (frame) throws(MalformedHeartbeat) in
            try announcements.parseIfChanged(in: frame, of: key)
        }
    }
}
