import HeartbeatProtocol
import PhiAccrual
import SystemClocks
import ZeroMQ

/// Subscribes to a service's events and misses none, over losses and restarts of either side.
///
/// It belongs to one thread, which calls `next` in a loop. A thread that is slow to do so loses nothing either: libzmq
/// drops what does not fit its queue, and the numbers tell what to fetch.
public struct FeedSubscriber: ~Copyable {
    public enum Item: Sendable {
        /// An event, and its bytes as the service wrote them.
        case event(EventMessage, json: [UInt8])
        case live(epoch: UInt64, sequence: UInt64)
        case gap(after: UInt64, epoch: UInt64)
        /// The detector lost the events after this one; what follows is the state that it has.
        case rolledBack(to: UInt64, epoch: UInt64)
        /// An event of a kind that this version does not know.
        case unknown(json: [UInt8])
        /// Nothing was heard for some seconds, not even a beacon: the detector is down, or elsewhere.
        case feedSilent
        /// The feed is heard, but questions about the past stay unanswered.
        case controlSilent
    }

    private let events: Socket
    private let control: Socket
    private var poller = Poller()
    private let woken: Int
    private let wakeUp: WakeUp
    private var replica: FeedReplica
    private var ready: ArraySlice<FeedReplica.Delivery> = []
    private var asked: (question: FeedReplica.Query, id: Int64, at: Instant)?
    private var lastID: Int64 = 0

    private var lastHeard = MonotonicClock.now
    /// Since when there is a question that nobody answered.
    private var unansweredSince: Instant?

    /// How long an answer may take before the question is asked again.
    private static let patience: Duration = .seconds(1)
    /// How long nothing may be heard, or answered, before that is worth an item; and then again.
    private static let trouble: Duration = .seconds(5)

    /// - Parameters:
    ///   - wakeUp: A signal on it ends a waiting `next`.
    /// - Throws: For endpoints that cannot be used. A service that is not there yet is waited for.
    public init(
        events eventsEndpoint: String, control controlEndpoint: String, from start: FeedReplica.Start = .snapshot,
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
        _ = poller.add(events)
        _ = poller.add(control)
        woken = poller.add(fileDescriptor: wakeUp.fileDescriptor)
        self.wakeUp = wakeUp
        replica = FeedReplica(from: start)
        self.events = events
        self.control = control
    }

    /// The next item, waiting for it; nil if `wakeUp` was signalled or the time is over.
    /// - Parameter timeout: Nil waits for ever; trouble is an item all the same.
    public mutating func next(timeout: Duration? = nil) throws(ZeroMQError) -> Item? {
        let end = timeout.map { MonotonicClock.now + $0 }
        while true {
            if let delivery = ready.popFirst() { return item(delivery) }
            try receiveEvents()
            try receiveAnswers()
            try ask()
            ready += replica.dequeueDeliveries()
            guard ready.isEmpty else { continue }
            if let trouble = trouble() { return trouble }
            var wait = Self.patience
            if let end {
                let left = end - MonotonicClock.now
                if left <= .zero { return nil }
                wait = min(wait, left)
            }
            _ = try poller.wait(timeoutMilliseconds: Int(wait.nanoseconds / 1_000_000) + 1)
            if poller.isReadable(woken) { return nil }
        }
    }

    private mutating func trouble() -> Item? {
        let now = MonotonicClock.now
        if now - lastHeard > Self.trouble {
            lastHeard = now
            return .feedSilent
        }
        if let since = unansweredSince, now - since > Self.trouble {
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
        // Bounded, so that what came is delivered before more is taken.
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

    private mutating func ask() throws(ZeroMQError) {
        guard let question = replica.question else {
            unansweredSince = nil
            return
        }
        let now = MonotonicClock.now
        unansweredSince = unansweredSince ?? now
        if let asked, asked.question == question, now - asked.at < Self.patience { return }
        lastID += 1
        var request = ControlFrame(id: lastID, action: question.action)
        (request.since, request.epoch) = (question.since, question.epoch)
        asked = (question, lastID, now)
        // Not sent: there is no connection yet, and it is asked again.
        if let json = try? WireJSON.encode(request) { try control.send([json]) }
    }

    private mutating func receiveAnswers() throws(ZeroMQError) {
        while let frames = try control.receiveMultipart(maximumFrames: 2) {
            guard let asked, let json = frames.last,
                let reply = try? WireJSON.decode(ControlReply<EventsAnswer<JSONValue>>.self, from: json),
                reply.id == asked.id
            else { continue }
            // A refusal is left to stand until the question is due again: asking at once would only be refused at once.
            if reply.ok != nil || reply.error?.code == .gone { (self.asked, unansweredSince) = (nil, nil) }
            if let answer = reply.ok {
                replica.receiveAnswer(
                    epoch: answer.epoch, through: answer.through, more: answer.more,
                    events: answer.events.compactMap(FeedReplica.Event.init), to: asked.question)
            }
            // Another epoch in an answer is one that the feed is about to tell of.
            if reply.error?.code == .gone { replica.receiveGone(asked.question) }
        }
    }
}

extension FeedReplica.Event {
    /// An event inside an answer, written again as it was published: the same keys in the same order.
    fileprivate init?(_ value: JSONValue) {
        guard case .object(let object) = value, case .whole(let sequence)? = object["sequence"],
            let sequence = UInt64(exactly: sequence), let json = try? WireJSON.encode(value)
        else { return nil }
        self.init(sequence: sequence, json: json)
    }
}
