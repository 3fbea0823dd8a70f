import HeartbeatProtocol
import PhiAccrual
import StateStore

/// The numbered events of one epoch, and the state that follows from them.
///
/// Two views of one history serve two kinds of subscribers. The newest events are complete, for subscribers that missed
/// some. The last event per topic is kept for all topics, for new subscribers. Both views are in order of sequence, so
/// one query reads either: all events later than a given sequence.
struct EventLog: Sendable {
    struct Entry: Sendable {
        let sequence: UInt64
        /// Sequence of the previous event on the same topic; 0 if there is none, or if it is no longer kept.
        let previous: UInt64
        let topic: FeedTopic
        fileprivate(set) var json: [UInt8]
        /// In the state: there is a later event on its topic, so no query returns this one.
        fileprivate(set) var isSuperseded = false
    }
    let epoch: UInt64
    private(set) var lastSequence: UInt64 = 0
    /// Sequence of the last event per level.
    private(set) var lastOfLevel: [String: UInt64] = [:]
    /// Number of nodes with each verdict, per level.
    private(set) var counts: [String: [Verdict: Int]] = [:]

    private let capacity: Int
    private var recent: ArraySlice<Entry> = []
    private var state: [Entry] = []  // includes superseded entries
    private var superseded = 0
    var stateSize: Int { state.count }
    private var latest: [FeedTopic: UInt64] = [:]

    init(epoch: UInt64, capacity: Int) { (self.epoch, self.capacity) = (epoch, max(1, capacity)) }

    /// Continues the log of an earlier run.
    ///
    /// - Parameter levels: The present levels. Events of other levels are not part of the state.
    init(_ found: StoreContents, levels: [String], capacity: Int) {
        self.init(epoch: found.epoch, capacity: capacity)
        lastSequence = found.lastSequence
        var before: [FeedTopic: UInt64] = [:]
        for event in found.events.suffix(self.capacity) {
            recent.append(Entry(event, previous: before[event.topic] ?? 0))
            before[event.topic] = event.sequence
            if event.verdict == .forgotten {
                before[event.topic] = nil
                before[FeedTopic(level: nil, group: event.group, node: event.node)] = nil
            }
            if let level = event.level { lastOfLevel[level] = event.sequence }
        }
        for event in found.state {
            guard let level = event.level, let verdict = event.verdict else {
                latest[event.topic] = event.sequence
                continue
            }
            guard levels.contains(level) else { continue }
            latest[event.topic] = event.sequence
            state.append(Entry(event, previous: 0))
            counts[level, default: [:]][verdict, default: 0] += 1
            lastOfLevel[level] = max(lastOfLevel[level] ?? 0, event.sequence)
        }
    }

    /// Position of the next event on `topic`.
    func nextPlace(on topic: FeedTopic, at time: Timestamp) -> EventPosition {
        EventPosition(epoch: epoch, sequence: lastSequence + 1, previous: latest[topic] ?? 0, at: time)
    }

    /// Appends an event with the position from `nextPlace`.
    mutating func append(_ message: EventMessage, topic: FeedTopic, json: [UInt8]) {
        lastSequence += 1
        let entry = Entry(sequence: lastSequence, previous: message.place.previous, topic: topic, json: json)
        recent.append(entry)
        if recent.count > capacity { recent.removeFirst() }
        let before = latest.updateValue(lastSequence, forKey: topic)
        guard case .transition(let transition) = message else { return }
        lastOfLevel[transition.level] = lastSequence
        count(transition)
        if let before, let place = state.place(before) {
            state[place].isSuperseded = true
            state[place].json = []
            superseded += 1
        }
        if transition.to == .forgotten {
            latest[topic] = nil
            latest[FeedTopic(level: nil, group: transition.group, node: transition.node)] = nil  // its notices
        } else {
            state.append(entry)
        }
        // Superseded entries are removed once they are the majority, so an event costs constant time on average.
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

    /// The last events of a node, in order, as far as they are kept.
    func lastEvents(of identity: NodeIdentity, limit: Int) -> [Entry] {
        var next = (counts.keys.map(Optional.some) + [nil]).compactMap { level in
            latest[FeedTopic(level: level, group: identity.group, node: identity.name)]
        }
        var found: [Entry] = []
        while found.count < limit, let sequence = next.max() {
            next.removeAll { $0 == sequence }
            guard let entry = recent.entry(sequence) else { break }
            found.append(entry)
            if entry.previous > 0 { next.append(entry.previous) }
        }
        return found.reversed()
    }

    struct Page: Sendable {
        var entries: [Entry]
        /// Complete up to and including this sequence.
        var through: UInt64
        var more: Bool
    }

    private func page(
        _ entries: ArraySlice<Entry>, since sequence: UInt64, prefix: String, limit: Int,
        where isCurrent: (Entry) -> Bool
    ) -> Page {
        var page = Page(entries: [], through: lastSequence, more: false)
        for entry in entries[entries.firstLater(than: sequence)...] where isCurrent(entry) {
            guard entry.topic.description.utf8.starts(with: prefix.utf8) else { continue }
            if page.entries.count == limit {
                page.through = page.entries.last?.sequence ?? sequence
                page.more = true
                break
            }
            page.entries.append(entry)
        }
        return page
    }
}

extension LoggedEvent {
    fileprivate var topic: FeedTopic { FeedTopic(level: level, group: group, node: node) }
}

extension EventLog.Entry {
    fileprivate init(_ event: LoggedEvent, previous: UInt64) {
        self.init(sequence: event.sequence, previous: previous, topic: event.topic, json: event.json)
    }
}

extension RandomAccessCollection<EventLog.Entry> where Index == Int {
    /// The entry with this sequence; nil if there is none.
    fileprivate func entry(_ sequence: UInt64) -> EventLog.Entry? { place(sequence).map { self[$0] } }

    /// Index of the entry with this sequence; nil if there is none.
    fileprivate func place(_ sequence: UInt64) -> Int? {
        let index = firstLater(than: sequence) - 1
        return index >= startIndex && self[index].sequence == sequence ? index : nil
    }

    /// Index of the first entry later than `sequence`.
    fileprivate func firstLater(than sequence: UInt64) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
