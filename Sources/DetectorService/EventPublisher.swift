import EventLoop
import HeartbeatProtocol
import Logging
import PhiAccrual
import StateStore
import ZeroMQ

/// A message from the detector loop to the event publisher.
enum EventPublisherInput: Sendable {
    /// - wallOffset: Offset from instants to civil time, in nanoseconds.
    case events([Event], wallOffset: Int64)
    case notice(ServiceNotice, at: Instant)
    case tuned(level: String, PolicyScope, Policy?, effectivePolicy: PolicyTable.EffectivePolicy, at: Instant)
    case learned(StoredPage)
    case status(DetectorStatus, to: ReplySink)
    case explanation(ExplainAnswer, of: NodeIdentity, to: ReplySink)
    case reply(Reply)

    static func answer(_ answer: some Codable & Sendable, to sink: ReplySink) -> EventPublisherInput {
        .reply(Reply(content: .answer { try WireJSON.encode(answer) }, sink: sink))
    }
    static func refusal(_ error: ControlError, to sink: ReplySink) -> EventPublisherInput {
        .reply(Reply(content: .refusal(error), sink: sink))
    }
}

/// The part of the service's status that only the detector loop has.
struct DetectorStatus: Sendable {
    var nodes: Int
    var heartbeats: [String: Int64]
    var malformed: [String: Int64]
    var timestampUncertaintySeconds: Double
    var policies: PolicyTable
}

/// The thread that numbers, persists, and publishes events, and answers requests.
///
/// An event is published, and a request answered, only after what led to it is persisted.
struct EventPublisher: ~Copyable {
    private static let beaconInterval: Duration = .seconds(1)
    /// Requests per turn, so that events get their share.
    private static let requestsPerTurn = 64
    /// Maximum number of requests that wait for the detector loop.
    private static let maxPending = 1000

    /// Maximum number of events per commit: they wait for each other.
    private static let eventsPerCommit = 256
    /// Time for storing learned state when the service stops.
    private static let timeToClose: Duration = .seconds(3)

    private let sockets: EventSockets
    private let levels: [Level]
    private let endpoints: ServiceEndpoints
    private var loop: EventLoop
    private let inputs: Mailbox<EventPublisherInput>
    private let inputSlot: Int
    private let detectorLoop: Mailbox<DetectorLoopInput>
    private let clocks: ServiceClocks
    private let logger: Logger
    private let started = MonotonicClock.now
    private var log: EventLog
    private var nextBeacon = MonotonicClock.now
    private var store: StoreWriter?
    /// To be persisted and then published.
    private var pendingEvents: [StoredEvent] = []
    private var changes: [StoreChange] = []
    private var hasPublishedStoreLoss = false

    init(
        sockets: consuming EventSockets, log: EventLog, store: sending StoreWriter?, levels: [Level],
        endpoints: ServiceEndpoints, inputs: Mailbox<EventPublisherInput>, detectorLoop: Mailbox<DetectorLoopInput>,
        clocks: ServiceClocks,
        logger: Logger,
        stop: WakeUp
    ) {
        loop = EventLoop(until: stop)
        inputSlot = loop.add(inputs)
        sockets.add(to: &loop)
        self.sockets = sockets
        (self.log, self.levels, self.endpoints) = (log, levels, endpoints)
        self.store = store
        (self.inputs, self.detectorLoop, self.clocks, self.logger) = (inputs, detectorLoop, clocks, logger)
    }

    mutating func run() throws {
        while true {
            if store?.hasWork ?? false { try loop.poll() } else { try loop.wait(until: nextBeacon) }
            if loop.isReadable(inputSlot) { try applyInputs() }
            try sockets.dropSubscriptions()
            try answerRequests()
            if MonotonicClock.now >= nextBeacon { try sendBeacon() }
            if loop.isStopped { break }
            if inputs.isEmpty || store?.isBehind ?? false { store?.work(at: MonotonicClock.now) }
            try publishStoreLoss()
        }
        // The detector loop has ended by now: its last messages are published before the sockets close.
        try applyInputs()
        try sendBeacon()
        store?.close(by: MonotonicClock.now + Self.timeToClose)
        try publishStoreLoss()
    }

    private mutating func applyInputs() throws {
        let inputs = inputs.drain()
        for input in inputs { try number(input) }
        try publishPending()
        for input in inputs { try reply(to: input) }
        sockets.sendReplies()
    }

    private func reply(to input: EventPublisherInput) throws {
        switch input {
        case .events, .notice, .tuned, .learned: break
        case .status(let status, let sink): try reply(to: .answer(describe(status), to: sink))
        case .explanation(var answer, let identity, let sink):
            answer.verdicts = log.lastEvents(of: identity, limit: ExplainAnswer.verdictLimit)
            try reply(to: .answer(answer, to: sink))
        case .reply(let reply): try reply.deliver()
        }
    }

    // MARK: Events

    private mutating func number(_ input: EventPublisherInput) throws {
        switch input {
        case .events(let events, let offset): for event in events { try number(event, wallOffset: offset) }
        case .notice(let notice, let now): try number(notice, at: now)
        case .tuned(let level, let scope, let policy, let effectivePolicy, let now):
            changes.append(.tuning(level: level, scope, policy))
            try number(.tuned(level: level, scope: scope, policy, effectivePolicy: effectivePolicy), at: now)
        case .learned(let page): store?.learned(page)
        case .status, .explanation, .reply: break
        }
    }

    private mutating func number(_ event: Event, wallOffset: Int64) throws {
        if let change = change(after: event) { changes.append(change) }
        try number(
            EventMessage(event, levels: levels) { topic, instant in
                let civil = instant.nanoseconds.addingSaturated(wallOffset)
                return log.nextPlace(on: topic, at: Timestamp(unixNanoseconds: civil))
            })
    }

    private mutating func number(_ notice: ServiceNotice, at now: Instant) throws {
        try number(EventMessage(notice) { log.nextPlace(on: $0, at: civilTime(of: now)) })
    }

    private mutating func number(_ message: EventMessage) throws {
        let event = StoredEvent(message)
        log.append(event, of: message)
        pendingEvents.append(event)
        if pendingEvents.count >= Self.eventsPerCommit { try publishPending() }
    }

    /// The change that an event makes to the state store.
    private func change(after event: Event) -> StoreChange? {
        switch event {
        case .transition(let transition) where transition.to == .forgotten:
            return .forgetting(NodeKey(of: transition.node))
        case .notice(let notice) where notice.code == .resumed: return .resumption(notice.key)
        case .notice(let notice) where notice.code == .paused:
            guard let node = notice.node, let pause = notice.pause else { return nil }
            let until = civilTime(of: pause.until).unixNanoseconds
            return .pause(StoredPause(key: notice.key, node: node, until: until, reason: pause.reason))
        default: return nil
        }
    }

    private mutating func publishPending() throws {
        store?.append(pendingEvents, changes)
        changes.removeAll(keepingCapacity: true)
        for event in pendingEvents { try sockets.publish(event, epoch: log.epoch) }
        pendingEvents.removeAll(keepingCapacity: true)
    }

    /// Reports, once, that the state store was lost.
    private mutating func publishStoreLoss() throws {
        guard !hasPublishedStoreLoss, let loss = store?.loss else { return }
        hasPublishedStoreLoss = true
        logger.error("persistence disabled: \(loss)")
        detectorLoop.put(.stateStoreLost)
        try number(.stateStoreLost("\(loss)."), at: MonotonicClock.now)
        try publishPending()
    }

    private func civilTime(of instant: Instant) -> Timestamp {
        Timestamp(unixNanoseconds: instant.nanoseconds.addingSaturated(clocks.civilOffset))
    }

    private mutating func sendBeacon() throws {
        nextBeacon = MonotonicClock.now + Self.beaconInterval
        let beacon = Beacon(
            epoch: log.epoch, sequence: log.lastSequence,
            levels: Dictionary(
                uniqueKeysWithValues: levels.map { level in
                    let counts = (log.counts[level.name] ?? [:]).filter { $0.value > 0 }
                    return (
                        level.name,
                        Beacon.AtLevel(
                            sequence: log.lastOfLevel[level.name] ?? 0,
                            counts: Dictionary(uniqueKeysWithValues: counts.map { ($0.rawValue, $1) }))
                    )
                }))
        try sockets.publish(beacon)
    }

    // MARK: Requests

    private mutating func answerRequests() throws {
        for _ in 0..<Self.requestsPerTurn {
            guard let incoming = try sockets.receive() else { break }
            guard case .request(let received) = incoming else { continue }
            do throws(ControlError) {
                switch try received.request.get() {
                case .events(let query): received.sink.put(.success(json(of: try page(query))))
                case .detector(let request): try forward(request, received.sink)
                }
            } catch {
                received.sink.put(.failure(error))
            }
        }
        sockets.sendReplies()
    }

    private func forward(_ request: DetectorRequest, _ sink: ReplySink) throws(ControlError) {
        guard detectorLoop.count < Self.maxPending else {
            throw ControlError(.refused, "too many requests: \(Self.maxPending) are pending; try again later")
        }
        detectorLoop.put(.request(request, sink))
    }

    private func page(_ query: EventQuery) throws(ControlError) -> EventLog.Page {
        if let epoch = query.epoch, epoch != log.epoch {
            throw ControlError(
                .otherEpoch,
                "epoch \(epoch) is not the epoch of the current event log, \(log.epoch): request a snapshot")
        }
        switch query.selection {
        case .snapshot: return log.snapshot(since: query.since, prefix: query.prefix, limit: query.limit)
        case .all:
            guard let page = log.events(since: query.since, prefix: query.prefix, limit: query.limit) else {
                throw ControlError(
                    .gone,
                    "events after \(query.since) are no longer complete; the last event is \(log.lastSequence): request a snapshot"
                )
            }
            return page
        }
    }

    /// An `EventsAnswer` with the bytes that were published.
    private func json(of page: EventLog.Page) -> [UInt8] {
        let head = "{\"epoch\":\(log.epoch),\"events\":["
        let tail = "],\"more\":\(page.more),\"through\":\(page.through)}"
        var json = Array(head.utf8)
        for (index, event) in page.events.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            json += event.json
        }
        json += Array(tail.utf8)
        return json
    }

    private func describe(_ status: DetectorStatus) -> StatusAnswer {
        StatusAnswer(
            epoch: log.epoch, sequence: log.lastSequence,
            uptimeSeconds: (MonotonicClock.now - started).nanoseconds.seconds,
            levels: status.policies.levels.indices.map { level in
                let effectivePolicy = status.policies.effectivePolicy(nil, level: level)
                return StatusAnswer.LevelPolicy(name: levels[level].name, policy: effectivePolicy.policy.description)
            },
            nodes: status.nodes, heartbeats: status.heartbeats, malformed: status.malformed,
            timestampUncertaintySeconds: status.timestampUncertaintySeconds,
            endpoints: [
                "heartbeats": endpoints.heartbeats, "connect": endpoints.connect, "events": endpoints.events,
                "control": endpoints.control,
            ].mapValues { $0.map(\.address) },
            stateStore: store.map {
                StatusAnswer.StateStoreStatus(folder: $0.folder, events: $0.eventCount, lost: $0.loss.map { "\($0)" })
            })
    }
}
