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

/// The thread of heartbeats: it owns their sockets and the detector.
///
/// One turn is: wait, take in everything that arrived, act on deadlines, hand on the events. Deadlines are acted on only
/// up to a moment after which the sockets said “nothing more”: a heartbeat that waited in a queue while we were slow is
/// not silence.
struct DetectorLoop<Model: ArrivalModel>: ~Copyable {
    /// A turn ends after so many messages, or so long, so that deadlines and requests get theirs.
    private static var messagesPerTurn: Int { 4096 }
    private static var timePerTurn: Duration { .milliseconds(5) }
    /// The clock is read once for so many heartbeats: a reading costs as much as several cache misses.
    private static var batch: Int { 256 }
    /// Acting later than this, we were stopped or starved ourselves, and so was the thread that reads for libzmq. Its
    /// sockets then say “nothing more” while heartbeats lie in the system's buffers.
    private static var ownLateness: Duration { .milliseconds(10) }
    /// How long that thread gets to read them. Having been away for as long as that, we do not learn from what it reads.
    private static var recovery: Duration { .milliseconds(100) }
    /// For how long deafness is told beforehand at most, while much is still to be read.
    private static var maxStride: Duration { .seconds(1) }
    /// How long nodes may take to connect again: their publishers wait up to 2 s between attempts, and as much by chance.
    static var reconnection: Duration { .seconds(5) }
    /// How often records are handed on.
    private static var keepEvery: Duration { .milliseconds(100) }
    /// Civil time may be off by so much: a clock that is slewed needs a second and more for it.
    private static var clockTolerance: Int64 { 100_000 }  // ns
    /// How often we wake to see that we do.
    private static var tick: Int64 { 100_000_000 }  // ns

    private let sockets: HeartbeatSockets
    /// Whose heartbeats come in.
    let shard: Shard
    var detector: RecordingDetector<Model>
    private var timer: DeadlineTimer
    private let requests: Mailbox<DetectorLoopInput>
    /// Taken, and not answered yet.
    private var pendingRequests: ArraySlice<DetectorLoopInput> = []
    let feed: Mailbox<EventPublisherInput>
    let logger: Logger
    let clocks: ServiceClocks

    private var message = Message()
    private var heartbeats: [Heartbeat] = []
    /// News of the batch.
    private var announced: [NodeAnnouncement] = []
    var events: [Event] = []
    private(set) var announcements = NodeAnnouncements()
    private(set) var malformed = RateLimitedLog<MalformedHeartbeat>()
    private var connections = Connections()
    private var clockWatch = ClockWatch()
    let recording: RecordingSession
    var recorder: Recorder?
    /// What is added to instants for civil time, in nanoseconds. It changes seldom, so that replays can tell the same.
    private(set) var wallOffset: Int64
    private var lastKept = MonotonicClock.now
    /// Whether a question of what would be is being answered.
    let whatIfGate = WhatIfGate()
    /// Nodes that should be heard, and how long they may take to be.
    var expected: Set<NodeIdentity> = []
    var joinWithin: Duration
    /// Since when the sockets have not been emptied; nil while they are.
    private var incompleteSince: Instant?
    /// Until when no deadline is acted on, since we were late ourselves.
    private var recoversUntil: Instant?
    /// When we were back from the last time that we were away for long, and until when the detector was told of it.
    private var back: (at: Instant, toldUntil: Instant)?
    private var overload = Overload()
    private var stops = RateLimitedLog<String>()
    private var refusals = RateLimitedLog<Int32>()
    private var timestampUncertainty = TimestampUncertainty(at: MonotonicClock.now)
    /// Nil if nothing is remembered.
    var learnedStateSchedule: LearnedStateSchedule?

    init(
        sockets: consuming HeartbeatSockets, detector: Detector<Model>, shard: Shard, expected: [NodeIdentity],
        joinWithin: Duration, learnedStateSchedule: LearnedStateSchedule?, recording: RecordingSession,
        requests: Mailbox<DetectorLoopInput>,
        feed: Mailbox<EventPublisherInput>,
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
        (self.requests, self.feed, self.clocks, self.logger) = (requests, feed, clocks, logger)
        self.joinWithin = joinWithin
        heartbeats.reserveCapacity(Self.batch)
        self.learnedStateSchedule = learnedStateSchedule
        expect(expected, at: now)
    }

    // Otherwise each frame asks for the types of this one's parts: the rest of a turn is specialised with it.
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
            // Stopped while at work, or at work for too long.
            if asleep - awake > Self.recovery {
                wasAway(from: awake, to: asleep)
                asleep = MonotonicClock.now  // what that takes is no absence, which would take as long again
            }
            let nextWakeUp = nextWakeUp(after: asleep)
            timer.arm(at: nextWakeUp)
            _ = try poller.wait(timeoutMilliseconds: nil)
            awake = MonotonicClock.now
            timestampUncertainty.waited(from: asleep, to: awake)
            if awake > nextWakeUp {
                timestampUncertainty.woken(late: awake - max(nextWakeUp, asleep), at: awake)
                wasAway(from: max(nextWakeUp, asleep), to: awake)
            }
            if let reading = clocks.reading {
                for finding in clockWatch.read(reading) { handle(clockFinding: finding, at: awake) }
            }
            if poller.isReadable(stopped) { return finish() }
            if poller.isReadable(timed) { timer.clear() }
            try turn(after: awake)
            if poller.isReadable(asked) || !pendingRequests.isEmpty { answerRequests() }
            if awake - lastKept >= Self.keepEvery { flushRecording(at: awake) }
            persistLearnedState(at: awake)
        }
    }

    /// As many as fit in a turn: whoever asks for much, many times, must not make us deaf.
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
        // What is due since is not acted on before all was read that came in that time.
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
            feed.put(.notice(.overloaded, at: now))
        case .ends(let time):
            logger.info(
                "heartbeats are taken in as they come again", metadata: ["seconds": "\(time.nanoseconds.seconds)"])
            feed.put(.notice(.caughtUp(time), at: now))
        }
    }

    private mutating func flushRecording(at now: Instant) {
        lastKept = now
        followCivilTime()
        let records = detector.dequeueRecords(at: now)
        guard let recorder else { return }
        if let records { recorder.write(records) }
        if let reason = recorder.failure {
            stopRecording()
            logger.error("recording has stopped", metadata: ["reason": "\(reason)"])
            feed.put(.notice(.recordingStopped(reason), at: now))
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
        feed.put(.events(events, wallOffset: wallOffset))
        events = []  // they are another thread's now: to keep their capacity would be to allocate as much again
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
        refusals.count(code, at: now) { [logger] _ in
            logger.warning(
                "cannot take in more connections: their nodes are not heard",
                metadata: [
                    "reason": "\(String(cString: strerror(code)))",
                    "advice": "raise the limit on open files (ulimit -n), or let nodes share connections",
                ])
        }
    }

    /// When to wake if nothing comes: at the next deadline, and at each tick.
    private mutating func nextWakeUp(after now: Instant) -> Instant {
        guard pendingRequests.isEmpty else { return now }
        let tick = Instant(nanoseconds: (now.nanoseconds / Self.tick + 1) * Self.tick)
        return min(tick, recoversUntil ?? detector.nextDeadline ?? tick)
    }

    /// Nobody looked at the sockets for some time, or at least not at what came last.
    private mutating func wasAway(from start: Instant, to end: Instant) {
        let time = end - start
        guard time > Self.ownLateness else { return }
        let recovered = end + Self.recovery
        recoversUntil = recovered
        guard time > Self.recovery else { return }
        incompleteSince = nil  // that was no overload
        overload.wasAway(until: end)
        detector.apply(.ignoredSilence(from: start, to: recovered), into: &events)
        back = (end, recovered)
        stops.count("stopped", at: end) { [logger] count in
            logger.warning(
                "was stopped or starved: that time is held against nobody",
                metadata: ["seconds": "\(time.nanoseconds.seconds)", "count": "\(count)"])
        }
        feed.put(.notice(.stopped(time), at: end))
    }

    /// Much waited for us while we were away, and what is read now bears late stamps.
    private mutating func catchUp(at now: Instant) {
        guard recoversUntil != nil, let (end, told) = back else { return }
        recoversUntil = max(recoversUntil ?? now, now + Self.recovery)
        guard now + Self.recovery > told else { return }
        // Each time for as long again, since telling costs a look at every node; but what is told too much is told of everyone.
        let until = now + max(Self.recovery, min(Self.maxStride, now - end))
        detector.apply(.ignoredSilence(from: told, to: until), into: &events)
        back = (end, until)
    }

    /// The clocks say that something happened to this machine.
    private mutating func handle(clockFinding finding: ClockWatch.Finding, at now: Instant) {
        switch finding {
        case .suspended(let time):
            // Nobody is heard before he has noticed that his connection is dead, and has made another.
            let recovered = now + Self.reconnection
            recoversUntil = now + Self.recovery
            followCivilTime()
            detector.apply(.ignoredSilence(from: now, to: recovered), into: &events)
            logger.warning("the machine was suspended", metadata: ["seconds": "\(time.nanoseconds.seconds)"])
            feed.put(.notice(.suspended(time), at: now))
        case .stepped(let time):
            followCivilTime()
            logger.warning("civil time was set", metadata: ["seconds": "\(time.nanoseconds.seconds)"])
            feed.put(.notice(.clockStep(time), at: now))
        }
    }

    /// Whether deadlines up to `start` may be acted on, the sockets being empty since.
    private mutating func mayAdvance(at start: Instant) -> Bool {
        if let end = recoversUntil {
            if start < end { return false }
            (recoversUntil, back) = (nil, nil)
            return true
        }
        // Stopped not while waiting, which would have been seen, but while at work.
        guard let due = detector.nextDeadline, start - due > Self.ownLateness else { return true }
        recoversUntil = MonotonicClock.now + Self.recovery
        return false
    }

    /// Says whether the sockets were emptied of all that arrived before `start`.
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

    /// Says whether the socket had fewer heartbeats than a batch.
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
            if isKept { announcements.remember(announcement) }
        }
        // Swapped out, since a span of our own property would bar the detector from changing; no copy is made.
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
            // Nothing of our own is touched here: what is would be counted as used, for each heartbeat.
            let (heartbeat, announces) = try message.withUnsafeBytes {
                (bytes) throws(MalformedHeartbeat) in try HeartbeatFrame.decode(bytes)
            }
            let announcement = announces ? try announcement(of: heartbeat.key) : nil
            heartbeats.append(heartbeat)
            guard announces else { return }
            if let descriptor = message.sourceFileDescriptor {
                connections.note(heartbeat.key, at: Connections.ConnectionID(socket: index, descriptor: descriptor))
            }
            // A goodbye of a node never heard is nothing to keep a place for.
            if let announcement, !heartbeat.isLeaving || detector.detector.knows(heartbeat.key) {
                announced.append(announcement)
            }
        } catch {
            malformed.dropped(for: error, at: MonotonicClock.now, telling: logger)
        }
    }

    private func announcement(of key: NodeKey) throws(MalformedHeartbeat) -> NodeAnnouncement? {
        try message.withUnsafeBytes { (frame) throws(MalformedHeartbeat) in
            try announcements.news(in: frame, of: key)
        }
    }
}
