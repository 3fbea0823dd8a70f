import EventLoop
import HeartbeatProtocol
import PhiAccrual
import ZeroMQ

/// Subscribes to a service's events and misses none, across message loss and restarts of either side.
///
/// It belongs to one thread, which calls `next` in a loop. A slow thread loses nothing either: libzmq drops what
/// exceeds its queue, and the sequence numbers show what to fetch.
public struct FeedSubscriber: ~Copyable {
    public enum Item: Sendable {
        /// An event, and its bytes as published.
        case event(EventMessage, json: [UInt8])
        case live(epoch: UInt64, sequence: UInt64)
        case gap(after: UInt64, epoch: UInt64)
        /// The detector lost the events after this sequence. The state that it still has follows.
        case rolledBack(to: UInt64, epoch: UInt64)
        /// An event of a kind that this version does not know.
        case unknown(json: [UInt8])
        /// No message arrived for five seconds, not even a beacon: the detector is down, or at another endpoint.
        case feedSilent
        /// The feed works, but requests stay unanswered.
        case controlSilent
    }

    private let events: Socket
    private let control: Socket
    private var loop: EventLoop
    private var replica: FeedReplica
    private var ready: ArraySlice<FeedReplica.Delivery> = []
    private var asked: (query: FeedReplica.Query, id: Int64, at: Instant)?
    private var lastID: Int64 = 0

    private var lastHeard = MonotonicClock.now
    /// Since when a request has been unanswered.
    private var unansweredSince: Instant?

    /// Time after which an unanswered request is sent again.
    private static let retryInterval: Duration = .seconds(1)
    /// How long feed or service may be silent before an item reports it; repeated after the same time.
    private static let silenceTimeout: Duration = .seconds(5)

    /// - Parameters:
    ///   - wakeUp: A signal on it ends a waiting `next`.
    /// - Throws: If an endpoint cannot be used. The service need not be running yet.
    public init(
        events eventsEndpoint: Endpoint, control controlEndpoint: Endpoint, from start: FeedReplica.Start = .snapshot,
        wakeUp: WakeUp
    ) throws(ZeroMQError) {
        let context = try Context()
        let events = try Socket(.subscribe, in: context)
        try events.set(.receiveHighWaterMark, to: 10_000)
        try events.set(.reconnectInterval, to: 100)
        try events.set(.reconnectIntervalMaximum, to: 1000)
        let control = try Socket(.dealer, in: context)
        try control.set(.reconnectInterval, to: 100)
        try control.set(.reconnectIntervalMaximum, to: 1000)
        try control.set(.immediate, to: 1)
        try control.set(.linger, to: 0)
        try events.subscribe(to: Array(FeedTopic.prefix.utf8))
        try events.subscribe(to: Array(Beacon.topic.utf8))
        try events.connect(to: eventsEndpoint)
        try control.connect(to: controlEndpoint)
        loop = EventLoop(until: wakeUp)
        loop.add(events)
        loop.add(control)
        replica = FeedReplica(from: start)
        self.events = events
        self.control = control
    }

    /// Waits for the next item; nil if `wakeUp` was signalled or the timeout is over.
    /// - Parameter timeout: Nil waits for ever. A silent feed or service is still reported as an item.
    public mutating func next(timeout: Duration? = nil) throws(ZeroMQError) -> Item? {
        let end = timeout.map { MonotonicClock.now + $0 }
        while true {
            if let delivery = ready.popFirst() { return item(delivery) }
            try receiveEvents()
            try receiveAnswers()
            try request()
            ready += replica.dequeueDeliveries()
            guard ready.isEmpty else { continue }
            if let silenceTimeout = silenceTimeout() { return silenceTimeout }
            let now = MonotonicClock.now
            if let end, end <= now { return nil }
            let retry = now + Self.retryInterval
            try loop.wait(until: end.map { min($0, retry) } ?? retry)
            if loop.isStopped { return nil }
        }
    }

    private mutating func silenceTimeout() -> Item? {
        let now = MonotonicClock.now
        if now - lastHeard > Self.silenceTimeout {
            lastHeard = now
            return .feedSilent
        }
        if let since = unansweredSince, now - since > Self.silenceTimeout {
            unansweredSince = now
            return .controlSilent
        }
        return nil
    }

    private func item(_ delivery: FeedReplica.Delivery) -> Item {
        switch delivery {
        case .live(let epoch, let sequence): return .live(epoch: epoch, sequence: sequence)
        case .gap(let after, let epoch): return .gap(after: after, epoch: epoch)
        case .rolledBack(let sequence, let epoch): return .rolledBack(to: sequence, epoch: epoch)
        case .event(let event):
            guard let message = try? WireJSON.decode(EventMessage.self, from: event.json) else {
                return .unknown(json: event.json)
            }
            return .event(message, json: event.json)
        }
    }

    private mutating func receiveEvents() throws(ZeroMQError) {
        // Bounded, so that received events are delivered before more are read.
        for _ in 0..<1000 {
            guard let frames = try events.receiveMultipart(maximumFrames: 3) else { return }
            guard frames.count == 3, let header = FeedHeader(decoding: frames[1]) else { continue }
            lastHeard = MonotonicClock.now
            if frames[0].starts(with: Array(Beacon.topic.utf8)) {
                replica.receiveBeacon(epoch: header.epoch, sequence: header.sequence)
            } else {
                replica.receive(.init(sequence: header.sequence, json: frames[2]), epoch: header.epoch)
            }
        }
    }

    private mutating func request() throws(ZeroMQError) {
        guard let query = replica.query else {
            unansweredSince = nil
            return
        }
        let now = MonotonicClock.now
        unansweredSince = unansweredSince ?? now
        if let asked, asked.query == query, now - asked.at < Self.retryInterval { return }
        lastID += 1
        var request = ControlFrame(id: lastID, action: query.action)
        (request.since, request.epoch) = (query.since, query.epoch)
        asked = (query, lastID, now)
        // Without a connection nothing is sent, and the request is repeated later.
        if let json = try? WireJSON.encode(request) { try control.send([json]) }
    }

    private mutating func receiveAnswers() throws(ZeroMQError) {
        while let frames = try control.receiveMultipart(maximumFrames: 2) {
            guard let asked, let json = frames.last,
                let reply = try? WireJSON.decode(ControlReply<EventsAnswer<JSONValue>>.self, from: json),
                reply.id == asked.id
            else { continue }
            // After a refusal, the request is repeated only when it is due: an immediate one would be refused again.
            if reply.ok != nil || reply.error?.code == .gone { (self.asked, unansweredSince) = (nil, nil) }
            if let answer = reply.ok {
                replica.receiveAnswer(
                    epoch: answer.epoch, through: answer.through, more: answer.more,
                    events: answer.events.compactMap(FeedReplica.Event.init), to: asked.query)
            }
            // An answer from another epoch is ignored: the feed is about to announce that epoch.
            if reply.error?.code == .gone { replica.receiveGone(asked.query) }
        }
    }
}

extension FeedReplica.Event {
    /// An event inside an answer, encoded again as it was published: the same keys in the same order.
    fileprivate init?(_ value: JSONValue) {
        guard case .object(let object) = value, case .whole(let sequence)? = object["sequence"],
            let sequence = UInt64(exactly: sequence), let json = try? WireJSON.encode(value)
        else { return nil }
        self.init(sequence: sequence, json: json)
    }
}
