import HeartbeatProtocol
import PhiAccrual
import StateStore

/// The numbered events of one epoch, and the state that follows from them.
///
/// Two views of one history serve two kinds of subscribers. The newest events are complete, for subscribers that missed
/// some. The last event per topic is kept for all topics, for new subscribers. Both views are in order of sequence, so
/// one query reads either: all events later than a given sequence.
struct EventLog: Sendable {
    let epoch: UInt64
    private(set) var lastSequence: UInt64 = 0
    /// Sequence of the last event per level.
    private(set) var lastOfLevel: [String: UInt64] = [:]
    /// Number of nodes with each verdict, per level.
    private(set) var counts: [String: [Verdict: Int]] = [:]

    private let capacity: Int
    private var recent: ArraySlice<StoredEvent> = []
    private(set) var state: [StoredEvent] = []  // includes superseded events
    private var superseded = 0
    private var latest: [FeedTopic: UInt64] = [:]

    init(epoch: UInt64, capacity: Int) { (self.epoch, self.capacity) = (epoch, max(1, capacity)) }

    /// Continues the log of an earlier run.
    ///
    /// - Parameter levels: The present levels. Events of other levels are not part of the state.
    init(_ found: StoreContents, levels: [String], capacity: Int) {
        self.init(epoch: found.epoch, capacity: capacity)
        lastSequence = found.lastSequence
        recent = found.events.suffix(self.capacity)
        for event in recent { if let level = event.topic.names.level { lastOfLevel[level] = event.sequence } }
        for event in found.state {
            guard let level = event.topic.names.level, let verdict = event.verdict else {
                latest[event.topic] = event.sequence
                continue
            }
            guard levels.contains(level) else { continue }
            latest[event.topic] = event.sequence
            state.append(event)
            counts[level, default: [:]][verdict, default: 0] += 1
            lastOfLevel[level] = max(lastOfLevel[level] ?? 0, event.sequence)
        }
    }

    /// Position of the next event on `topic`.
    func nextPlace(on topic: FeedTopic, at time: Timestamp) -> EventPosition {
        EventPosition(epoch: epoch, sequence: lastSequence + 1, previous: latest[topic] ?? 0, at: time)
    }

    /// Appends an event.
    ///
    /// - Parameter message: The same event, with the position from `nextPlace`.
    mutating func append(_ event: StoredEvent, of message: EventMessage) {
        let topic = event.topic
        lastSequence = event.sequence
        recent.append(event)
        if recent.count > capacity { recent.removeFirst() }
        let before = latest.updateValue(lastSequence, forKey: topic)
        guard case .transition(let transition) = message else { return }
        lastOfLevel[transition.level] = lastSequence
        count(transition)
        if let before, let place = state.place(before) {
            state[place].json = []
            superseded += 1
        }
        if transition.to == .forgotten {
            latest[topic] = nil
            latest[FeedTopic(level: nil, group: transition.group, node: transition.node)] = nil  // its notices
        } else {
            state.append(event)
        }
        // Superseded events are removed once they are the majority, so an event costs constant time on average.
        if state.count > 64, 2 * superseded > state.count {
            state.removeAll(where: \.isSuperseded)
            superseded = 0
        }
    }

    private mutating func count(_ transition: TransitionMessage) {
        var counts = counts[transition.level] ?? [:]
        // The first event of a node decreases no count: the node was in none.
        if let before = counts[transition.from], before > 0, transition.place.previous != 0 {
            counts[transition.from] = before - 1
        }
        if transition.to != .forgotten { counts[transition.to, default: 0] += 1 }
        self.counts[transition.level] = counts
    }

    /// All events later than `sequence`; nil if some of them are no longer kept.
    func events(since sequence: UInt64, prefix: String, limit: Int) -> Page? {
        guard sequence <= lastSequence, sequence + 1 >= (recent.first?.sequence ?? lastSequence + 1) else { return nil }
        return page(recent, since: sequence, prefix: prefix, limit: limit) { _ in true }
    }

    /// The last event per topic, of those later than `sequence`. Notices are not part of the state.
    func snapshot(since sequence: UInt64, prefix: String, limit: Int) -> Page {
        page(state[...], since: sequence, prefix: prefix, limit: limit) { !$0.isSuperseded }
    }

    /// The last events of a node, in order, as far as they are kept and this version can parse them.
    func lastEvents(of identity: NodeIdentity, limit: Int) -> [EventMessage] {
        var next = (counts.keys.map(Optional.some) + [nil]).compactMap { level in
            latest[FeedTopic(level: level, group: identity.group, node: identity.name)]
        }
        var found: [EventMessage] = []
        while found.count < limit, let sequence = next.max() {
            next.removeAll { $0 == sequence }
            guard let place = recent.place(sequence) else { break }
            guard let message = try? EventMessage(recent[place]) else { continue }
            found.append(message)
            if message.place.previous > 0 { next.append(message.place.previous) }
        }
        return found.reversed()
    }

    struct Page: Sendable {
        var events: [StoredEvent]
        /// Complete up to and including this sequence.
        var through: UInt64
        var more: Bool
    }

    private func page(
        _ events: ArraySlice<StoredEvent>, since sequence: UInt64, prefix: String, limit: Int,
        where isCurrent: (StoredEvent) -> Bool
    ) -> Page {
        var page = Page(events: [], through: lastSequence, more: false)
        for event in events[events.firstLater(than: sequence)...] where isCurrent(event) {
            guard event.topic.description.utf8.starts(with: prefix.utf8) else { continue }
            if page.events.count == limit {
                page.through = page.events.last?.sequence ?? sequence
                page.more = true
                break
            }
            page.events.append(event)
        }
        return page
    }
}

extension StoredEvent {
    /// In the state: there is a later event on its topic, so no query returns this one. Its JSON is dropped at once.
    fileprivate var isSuperseded: Bool { json.isEmpty }
}

extension RandomAccessCollection<StoredEvent> where Index == Int {
    /// Index of the event with this sequence; nil if no event has it.
    fileprivate func place(_ sequence: UInt64) -> Int? {
        let index = firstLater(than: sequence) - 1
        return index >= startIndex && self[index].sequence == sequence ? index : nil
    }

    /// Index of the first event later than `sequence`.
    fileprivate func firstLater(than sequence: UInt64) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
