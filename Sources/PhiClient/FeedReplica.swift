import HeartbeatProtocol

/// Puts a subscriber's view of the feed in order: nothing twice, nothing missing, or a word that it is.
///
/// Pure: it is told what came in, and says what to deliver and what to ask the service for. The service sends deltas,
/// which may be lost, and answers questions about the past; this is the subscriber's half of the Clone pattern
/// (Hintjens, “ZeroMQ”, chapter 5): subscribe, buffer, fetch, discard what is older, apply the rest.
public struct FeedReplica: Sendable {
    /// Where to begin in a log not seen before.
    public enum Start: String, Hashable, Sendable, CaseIterable {
        /// With the last event of every topic: the present state.
        case snapshot
        /// With the first event that is still kept.
        case beginning
        /// With the first event to come.
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
        /// From here on, events are live: everything up to this sequence was delivered.
        case live(epoch: UInt64, sequence: UInt64)
        /// Events between these two are no longer kept; what follows is the state that they led to.
        case gap(after: UInt64, epoch: UInt64)
        /// The service's log ends here, although it told of more before: it lost its last events. What follows is the
        /// state that it has.
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
        /// No word from the service yet.
        case waiting
        /// Fetching the state that what was missed led to; `fetchingEvents` goes on from where it ends.
        case fetchingState
        case fetchingEvents
        case live
        /// In step, but a beacon told of less than the one before: asking whether the log still is what it was.
        case doubting
    }
    private let start: Start
    private var phase = Phase.waiting
    private var epoch: UInt64?
    /// Everything up to here was delivered.
    private var delivered: UInt64 = 0
    /// The highest sequence that the service was heard to speak of.
    private var known: UInt64 = 0
    private var lastBeacon: UInt64 = 0
    /// Where a gap begins, until an answer tells that it is one.
    private var suspectedGap: UInt64?
    /// How many answers one after the other told of nothing more, though more is known of.
    private var fruitlessAnswers = 0
    private var buffer: [UInt64: Event] = [:]
    private var deliveries: [Delivery] = []

    /// More early events than this are dropped again: they can be fetched.
    private static let bufferLimit = 10_000

    public init(from start: Start = .snapshot) { self.start = start }

    /// What the service must be asked; nil while nothing is missing. Ask again when no answer comes.
    public var question: Query? {
        guard let epoch else { return nil }
        switch phase {
        case .waiting, .live: return nil
        case .fetchingState: return Query(action: "snapshot", since: delivered, epoch: epoch)
        case .fetchingEvents, .doubting: return Query(action: "events", since: delivered, epoch: epoch)
        }
    }

    /// What is ready, in order; each only once.
    public mutating func dequeueDeliveries() -> [Delivery] {
        defer { deliveries = [] }
        return deliveries
    }

    // MARK: What comes in

    public mutating func receive(_ event: Event, epoch: UInt64) {
        adoptEpoch(epoch, last: event.sequence - min(1, event.sequence))
        guard event.sequence > delivered else { return }
        known = max(known, event.sequence)
        if buffer.count < Self.bufferLimit { buffer[event.sequence] = event }
        settle()
    }

    public mutating func receiveBeacon(epoch: UInt64, sequence: UInt64) {
        adoptEpoch(epoch, last: sequence)
        // Messages that overtook each other on their way look the same. The service knows.
        if sequence < lastBeacon, phase == .live { (phase, lastBeacon) = (.doubting, sequence) }
        // While it is asked something the answer may be older than this beacon: then the next one is to raise the doubt.
        lastBeacon = max(lastBeacon, sequence)
        known = max(known, sequence)
        settle()
    }

    /// Answer to `question`, if it still is one.
    public mutating func receiveAnswer(epoch: UInt64, through: UInt64, more: Bool, events: [Event], to asked: Query) {
        guard asked == question, epoch == self.epoch else { return }
        guard through >= asked.since else { return rolledBack(to: through) }
        if let start = suspectedGap { deliveries.append(.gap(after: start, epoch: epoch)) }
        suspectedGap = nil
        for event in events where event.sequence > delivered { deliveries.append(.event(event)) }
        delivered = max(delivered, through)
        guard !more else { return }
        // One such answer may have crossed with news on its way. The next is of a log that ends before what it told.
        fruitlessAnswers =
            phase == .fetchingEvents && through == asked.since && known > through ? fruitlessAnswers + 1 : 0
        guard fruitlessAnswers < 2 else { return rolledBack(to: through) }
        phase = .fetchingEvents
        settle()
    }

    /// The service says that the events asked for are gone: no longer kept, or not in its log.
    public mutating func receiveGone(_ asked: Query) {
        guard asked == question else { return }
        suspectedGap = delivered
        phase = .fetchingState
    }

    // MARK: Order

    /// A log not seen before starts over. One that follows another began after us, so all of it is wanted.
    private mutating func adoptEpoch(_ epoch: UInt64, last: UInt64) {
        guard epoch != self.epoch else { return }
        let start = self.epoch == nil ? start : .beginning
        self.epoch = epoch
        (buffer, known, lastBeacon) = ([:], 0, 0)
        (suspectedGap, fruitlessAnswers) = (nil, 0)
        delivered = start == .now ? last : 0
        phase = start == .snapshot ? .fetchingState : .fetchingEvents
    }

    /// The log ends sooner than it did. If that is before what was delivered, the state has to be told again.
    private mutating func rolledBack(to last: UInt64) {
        guard let epoch else { return }
        deliveries.append(.rolledBack(to: last, epoch: epoch))
        (buffer, known, lastBeacon) = ([:], last, last)
        (suspectedGap, fruitlessAnswers) = (nil, 0)
        if delivered > last {
            delivered = 0
            phase = .fetchingState
        } else {
            settle()
        }
    }

    /// Delivers what is next in line; if something known of is missing then, it has to be fetched.
    private mutating func settle() {
        guard phase == .live || phase == .fetchingEvents else { return }
        while let next = buffer.removeValue(forKey: delivered &+ 1) {
            deliveries.append(.event(next))
            delivered &+= 1
        }
        known = max(known, delivered)
        // What an answer brought before it came by itself; only then, since a flood makes the buffer long.
        if buffer.count > known - delivered { buffer = buffer.filter { $0.key > delivered } }
        if delivered >= known, buffer.isEmpty {
            if phase != .live, let epoch { deliveries.append(.live(epoch: epoch, sequence: delivered)) }
            phase = .live
        } else {
            phase = .fetchingEvents
        }
    }
}
