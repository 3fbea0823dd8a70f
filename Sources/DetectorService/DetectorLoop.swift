import Configuration
import HeartbeatProtocol
import Logging
import PhiAccrual
import SystemClocks
import ZeroMQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

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
    /// A loop that acts later than this was stopped or starved, and so was the libzmq thread that reads the
    /// connections. The sockets then report “nothing more” while heartbeats lie in the system's buffers.
    private static var ownLateness: Duration { .milliseconds(10) }
    /// Time for that thread to read them. After a pause longer than this, the loop does not learn from what it reads.
    private static var recovery: Duration { .milliseconds(100) }
    /// Upper bound on one extension of a pause while a backlog is drained.
    private static var maxStride: Duration { .seconds(1) }
    /// How long nodes may take to reconnect: their publishers wait up to 2 s between attempts, plus a random time of up
    /// to 2 s.
    static var reconnection: Duration { .seconds(5) }
    /// Interval at which records are passed to the recorder.
    private static var flushInterval: Duration { .milliseconds(100) }
    /// Tolerated error of civil time. A slewed clock, at 50 µs per tick, takes at least two ticks for it.
    private static var clockTolerance: Int64 { 100_000 }  // ns
    /// Interval of wake-ups that detect the loop's own pauses.
    private static var tick: Int64 { 100_000_000 }  // ns

    private let sockets: HeartbeatSockets
    /// The nodes whose heartbeats are received.
    let shard: Shard
    var detector: RecordingDetector<Model>
    private var timer: DeadlineTimer
    private let requests: Mailbox<DetectorLoopInput>
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
    private var clockWatch = ClockWatch()
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
    /// Since when the sockets have not been drained completely; nil while they are.
    private var incompleteSince: Instant?
    /// Until when no deadline is handled, because the loop itself was late.
    private var recoversUntil: Instant?
    /// When the last long pause ended, and until when the detector ignores silence because of it.
    private var lastPause: (at: Instant, ignoredUntil: Instant)?
    private var overload = Overload()
    private var pauseLog = RateLimitedLog<String>()
    private var refusalLog = RateLimitedLog<Int32>()
    private var timestampUncertainty = TimestampUncertainty(at: MonotonicClock.now)
    /// Nil if there is no state store, or it was lost.
    var learnedStateSchedule: LearnedStateSchedule?

    init(
        sockets: consuming HeartbeatSockets, detector: Detector<Model>, shard: Shard, expected: [NodeIdentity],
        joinWithin: Duration, learnedStateSchedule: LearnedStateSchedule?, recording: RecordingSession,
        requests: Mailbox<DetectorLoopInput>,
        publisher: Mailbox<EventPublisherInput>,
        clocks: ServiceClocks,
        logger: Logger
    ) throws {
        self.sockets = sockets
        self.shard = shard
        let now = MonotonicClock.now
        self.detector = RecordingDetector(detector, at: now)
        self.recording = recording
        wallOffset = clocks.civilOffset
        timer = try DeadlineTimer()
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
    mutating func run(until stop: WakeUp) throws {
        var poller = Poller()
        let stopped = poller.add(fileDescriptor: stop.fileDescriptor)
        let timed = poller.add(fileDescriptor: timer.fileDescriptor)
        let asked = poller.add(fileDescriptor: requests.wakeUp.fileDescriptor)
        sockets.add(to: &poller)
        var awake = MonotonicClock.now
        while true {
            var asleep = MonotonicClock.now
            // The loop was stopped while at work, or worked for too long.
            if asleep - awake > Self.recovery {
                handlePause(from: awake, to: asleep)
                asleep = MonotonicClock.now  // handling a pause is no pause, which would take as long again
            }
            let nextWakeUp = nextWakeUp(after: asleep)
            timer.arm(at: nextWakeUp)
            _ = try poller.wait(timeoutMilliseconds: nil)
            awake = MonotonicClock.now
            timestampUncertainty.waited(from: asleep, to: awake)
            if awake > nextWakeUp {
                timestampUncertainty.woken(late: awake - max(nextWakeUp, asleep), at: awake)
                handlePause(from: max(nextWakeUp, asleep), to: awake)
            }
            if let reading = clocks.reading {
                for finding in clockWatch.read(reading) { handle(clockFinding: finding, at: awake) }
            }
            if poller.isReadable(stopped) { return finish() }
            if poller.isReadable(timed) { timer.clear() }
            try turn(after: awake)
            if poller.isReadable(asked) || !pendingRequests.isEmpty { answerRequests() }
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
        // Deadlines in that time wait until everything that arrived in it has been read.
        if start - awake > Self.ownLateness { recoversUntil = start + Self.recovery }
        let isComplete = try drain(since: start)
        detector.setBacklog(!isComplete)
        if !isComplete { catchUp(at: start) }
        if isComplete {
            incompleteSince = nil
            timestampUncertainty.emptied(at: start)
            if mayAdvance(at: start) { detector.advance(to: start, into: &events) }
        }
        let change = overload.change(incompleteFor: start - (incompleteSince ?? start), at: start)
        if let change { report(change, at: start) }
        try drainConnectionEvents(at: start)
        publishEvents()
    }

    private func report(_ change: Overload.Change, at now: Instant) {
        switch change {
        case .begins:
            logger.warning("heartbeats come faster than they can be taken in, so no deadline is acted on")
            publisher.put(.notice(.overloaded, at: now))
        case .ends(let time):
            logger.info(
                "heartbeats are taken in as they come again", metadata: ["seconds": "\(time.nanoseconds.seconds)"])
            publisher.put(.notice(.caughtUp(time), at: now))
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
            logger.error("recording has stopped", metadata: ["reason": "\(reason)"])
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
            case .refused(let code): logRefusal(code, at: now)
            case nil: return
            }
        }
    }

    private mutating func logRefusal(_ code: Int32, at now: Instant) {
        refusalLog.count(code, at: now) { [logger] _ in
            logger.warning(
                "cannot take in more connections: their nodes are not heard",
                metadata: [
                    "reason": "\(String(cString: strerror(code)))",
                    "advice": "raise the limit on open files (ulimit -n), or let nodes share connections",
                ])
        }
    }

    /// When to wake if nothing arrives: at the next deadline or the end of a recovery, and at each tick.
    private mutating func nextWakeUp(after now: Instant) -> Instant {
        guard pendingRequests.isEmpty else { return now }
        let tick = Instant(nanoseconds: (now.nanoseconds / Self.tick + 1) * Self.tick)
        return min(tick, recoversUntil ?? detector.nextDeadline ?? tick)
    }

    /// Handles a period in which the loop did not read its sockets, or not the latest arrivals.
    private mutating func handlePause(from start: Instant, to end: Instant) {
        let time = end - start
        guard time > Self.ownLateness else { return }
        let recovered = end + Self.recovery
        recoversUntil = recovered
        guard time > Self.recovery else { return }
        incompleteSince = nil  // a pause is no overload
        overload.notePause(until: end)
        detector.apply(.ignoredSilence(from: start, to: recovered), into: &events)
        lastPause = (end, recovered)
        pauseLog.count("stopped", at: end) { [logger] count in
            logger.warning(
                "was stopped or starved: that time is held against nobody",
                metadata: ["seconds": "\(time.nanoseconds.seconds)", "count": "\(count)"])
        }
        publisher.put(.notice(.stopped(time), at: end))
    }

    /// Extends the recovery from a pause: a backlog built up, and what is read now has late timestamps.
    private mutating func catchUp(at now: Instant) {
        guard recoversUntil != nil, let (end, ignoredUntil) = lastPause else { return }
        recoversUntil = max(recoversUntil ?? now, now + Self.recovery)
        guard now + Self.recovery > ignoredUntil else { return }
        // Each extension is as long as the time since the pause, because it costs a scan of every node. It is bounded,
        // because an extension that is too long delays every suspicion.
        let until = now + max(Self.recovery, min(Self.maxStride, now - end))
        detector.apply(.ignoredSilence(from: ignoredUntil, to: until), into: &events)
        lastPause = (end, until)
    }

    /// Handles a suspension of the machine or a step of its civil time.
    private mutating func handle(clockFinding finding: ClockWatch.Finding, at now: Instant) {
        switch finding {
        case .suspended(let time):
            // No node is heard before it notices that its connection is dead and makes another.
            let recovered = now + Self.reconnection
            recoversUntil = now + Self.recovery
            followCivilTime()
            detector.apply(.ignoredSilence(from: now, to: recovered), into: &events)
            logger.warning("the machine was suspended", metadata: ["seconds": "\(time.nanoseconds.seconds)"])
            publisher.put(.notice(.suspended(time), at: now))
        case .stepped(let time):
            followCivilTime()
            logger.warning("civil time was set", metadata: ["seconds": "\(time.nanoseconds.seconds)"])
            publisher.put(.notice(.clockStep(time), at: now))
        }
    }

    /// Whether deadlines up to `start` may be handled, after the sockets were drained completely.
    private mutating func mayAdvance(at start: Instant) -> Bool {
        if let end = recoversUntil {
            if start < end { return false }
            (recoversUntil, lastPause) = (nil, nil)
            return true
        }
        // The loop was stopped while at work. A stop while it waited would have been detected.
        guard let due = detector.nextDeadline, start - due > Self.ownLateness else { return true }
        recoversUntil = MonotonicClock.now + Self.recovery
        return false
    }

    /// Returns whether everything that arrived before `start` was received.
    private mutating func drain(since start: Instant) throws -> Bool {
        var left = Self.messagesPerTurn
        for index in 0..<sockets.count {
            var isEmpty = false
            while !isEmpty {
                isEmpty = try receiveBatch(from: index)
                left -= Self.batch
                if !isEmpty, left <= 0 || MonotonicClock.now - start > Self.timePerTurn {
                    incompleteSince = incompleteSince ?? start
                    return false
                }
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
        timestampUncertainty.stamped(at: now)
        detector.setTimestampUncertainty(timestampUncertainty.nanoseconds)
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
            try announcements.news(in: frame, of: key)
        }
    }
}
