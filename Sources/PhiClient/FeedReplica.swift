import HeartbeatProtocol

/// Orders a subscriber's view of the feed: no event is delivered twice, and none is missing without a report of it.
///
/// Pure: the caller passes what arrived, delivers what this returns, and sends the requests that it asks for. The
/// service publishes deltas, which may be lost, and answers requests about the past. This is the subscriber's half of
/// the Clone pattern (Hintjens, “ZeroMQ”, chapter 5): subscribe, buffer, fetch, discard what is older, apply the rest.
public struct FeedReplica: Sendable {
    /// Where to begin in a log not seen before.
    public enum Start: String, Hashable, Sendable, CaseIterable {
        /// With the last event of every topic: the current state.
        case snapshot
        /// With the oldest event that is still kept.
        case beginning
        /// With the next event.
        case now
    }

    public struct Event: Hashable, Sendable {
        public var sequence: UInt64
        /// The JSON object, as published.
        public var json: [UInt8]
        public init(sequence: UInt64, json: [UInt8]) { (self.sequence, self.json) = (sequence, json) }
    }

    public enum Delivery: Hashable, Sendable {
        case event(Event)
        /// Events are live from here on: everything up to this sequence was delivered.
        case live(epoch: UInt64, sequence: UInt64)
        /// Events after this sequence are no longer kept. The state that they led to follows.
        case gap(after: UInt64, epoch: UInt64)
        /// The service's log ends here, although the service reported more before: it lost its last events. The state
        /// that it still has follows.
        case rolledBack(to: UInt64, epoch: UInt64)
    }

    public struct Query: Hashable, Sendable {
        /// `events` or `snapshot`.
        public var action: String
        public var since: UInt64
        public var epoch: UInt64
        public init(action: String, since: UInt64, epoch: UInt64) {
            (self.action, self.since, self.epoch) = (action, since, epoch)
        }
    }

    private enum Phase: Hashable {
        /// No message from the service yet.
        case waiting
        /// Fetching the state that the missed events led to. `fetchingEvents` continues where it ends.
        case fetchingState
        case fetchingEvents
        case live
        /// Live, but a beacon reported a lower sequence than the one before: asks whether the log was rolled back.
        case checkingRollback
    }
    private let start: Start
    private var phase = Phase.waiting
    private var epoch: UInt64?
    /// Everything up to this sequence was delivered.
    private var delivered: UInt64 = 0
    /// The highest sequence in any message of the service.
    private var known: UInt64 = 0
    private var lastBeacon: UInt64 = 0
    /// The sequence after which a gap begins, until an answer confirms it.
    private var suspectedGap: UInt64?
    /// Number of consecutive answers without new events although a higher sequence is known.
    private var fruitlessAnswers = 0
    private var buffer: [UInt64: Event] = [:]
    private var deliveries: [Delivery] = []

    /// Maximum number of buffered early events. Further ones are dropped: they can be fetched.
    private static let bufferLimit = 10_000

    public init(from start: Start = .snapshot) { self.start = start }

    /// The request to send to the service; nil while nothing is missing. Send it again if no answer arrives.
    public var query: Query? {
        guard let epoch else { return nil }
        switch phase {
        case .waiting, .live: return nil
        case .fetchingState: return Query(action: "snapshot", since: delivered, epoch: epoch)
        case .fetchingEvents, .checkingRollback: return Query(action: "events", since: delivered, epoch: epoch)
        }
    }

    /// The deliveries that are ready, in order, each once.
    public mutating func dequeueDeliveries() -> [Delivery] {
        defer { deliveries = [] }
        return deliveries
    }

    // MARK: Received messages

    public mutating func receive(_ event: Event, epoch: UInt64) {
        adoptEpoch(epoch, last: event.sequence - min(1, event.sequence))
        guard event.sequence > delivered else { return }
        known = max(known, event.sequence)
        if buffer.count < Self.bufferLimit { buffer[event.sequence] = event }
        deliverReady()
    }

    public mutating func receiveBeacon(epoch: UInt64, sequence: UInt64) {
        adoptEpoch(epoch, last: sequence)
        // Messages that overtook each other on the way look the same. Only the service knows.
        if sequence < lastBeacon, phase == .live { (phase, lastBeacon) = (.checkingRollback, sequence) }
        // While a request is pending, its answer may be older than this beacon. Then the next beacon starts the check.
        lastBeacon = max(lastBeacon, sequence)
        known = max(known, sequence)
        deliverReady()
    }

    /// Applies an answer, if it still answers `query`.
    public mutating func receiveAnswer(epoch: UInt64, through: UInt64, more: Bool, events: [Event], to asked: Query) {
        guard asked == query, epoch == self.epoch else { return }
        guard through >= asked.since else { return rolledBack(to: through) }
        if let start = suspectedGap { deliveries.append(.gap(after: start, epoch: epoch)) }
        suspectedGap = nil
        for event in events where event.sequence > delivered { deliveries.append(.event(event)) }
        delivered = max(delivered, through)
        guard !more else { return }
        // One such answer may have crossed with new events. A second one is of a log that ends before what it reported.
        fruitlessAnswers =
            phase == .fetchingEvents && through == asked.since && known > through ? fruitlessAnswers + 1 : 0
        guard fruitlessAnswers < 2 else { return rolledBack(to: through) }
        phase = .fetchingEvents
        deliverReady()
    }

    /// The service answered that the requested events are gone: no longer kept, or not in its log.
    public mutating func receiveGone(_ asked: Query) {
        guard asked == query else { return }
        suspectedGap = delivered
        phase = .fetchingState
    }

    // MARK: Ordering

    /// Starts over in a log not seen before. A log that follows another one began after this subscriber, so all of it
    /// is fetched.
    private mutating func adoptEpoch(_ epoch: UInt64, last: UInt64) {
        guard epoch != self.epoch else { return }
        let start = self.epoch == nil ? start : .beginning
        self.epoch = epoch
        (buffer, known, lastBeacon) = ([:], 0, 0)
        (suspectedGap, fruitlessAnswers) = (nil, 0)
        delivered = start == .now ? last : 0
        phase = start == .snapshot ? .fetchingState : .fetchingEvents
    }

    /// The log ends earlier than before. If that is before what was delivered, the state must be delivered again.
    private mutating func rolledBack(to last: UInt64) {
        guard let epoch else { return }
        deliveries.append(.rolledBack(to: last, epoch: epoch))
        (buffer, known, lastBeacon) = ([:], last, last)
        (suspectedGap, fruitlessAnswers) = (nil, 0)
        if delivered > last {
            delivered = 0
            phase = .fetchingState
        } else {
            deliverReady()
        }
    }

    /// Delivers the next events in order. If a known event is then missing, it has to be fetched.
    private mutating func deliverReady() {
        guard phase == .live || phase == .fetchingEvents else { return }
        while let next = buffer.removeValue(forKey: delivered &+ 1) {
            deliveries.append(.event(next))
            delivered &+= 1
        }
        known = max(known, delivered)
        // Removes events that an answer delivered first. Only if there are any, because a flood makes the buffer long.
        if buffer.count > known - delivered { buffer = buffer.filter { $0.key > delivered } }
        if delivered >= known, buffer.isEmpty {
            if phase != .live, let epoch { deliveries.append(.live(epoch: epoch, sequence: delivered)) }
            phase = .live
        } else {
            phase = .fetchingEvents
        }
    }
}
