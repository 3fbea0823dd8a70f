import PhiAccrual
import StateStore
import SystemClocks

/// When what was learned is handed on to be remembered: of new nodes soon, of all others little by little, in passes.
struct LearnedStateSchedule {
    /// Nodes per page. Writing them down takes a tenth of a millisecond, and storing them as long again: what is due in that
    /// time waits.
    static let pageSize = 5
    static let pageEvery: Duration = .milliseconds(10)
    /// Of a pass, which nobody waits for; with many nodes more often, so that it does not take for ever.
    static let pageOfPassEvery: Duration = .milliseconds(50)
    static let maxPassDuration: Duration = .seconds(600)
    /// A pass begins that long after the one before, at the earliest.
    static let passEvery: Duration = .seconds(10)
    /// How long the last pass may take.
    static let lastPass: Duration = .seconds(1)

    /// What to hand on.
    enum Page: Equatable {
        /// Of nodes of which nothing was handed on since they became what they are.
        case unwritten([NodeKey])
        /// Of all nodes, the next of the pass under way, from this cursor on.
        case pass(Int)
        /// Of groups: a pass begins.
        case groups
    }

    /// Nodes of which nothing was written down since they became what they are, in order, and the same as a set.
    private var unwritten: ArraySlice<NodeKey> = []
    private var unwrittenKeys: Set<NodeKey> = []
    /// Whether a page of a pass comes before the next one of those.
    private var isTurnOfPass = false
    /// Where the next page of a pass begins. The first begins anywhere: one who is killed again and again gets everywhere.
    fileprivate var cursor: Int
    /// How many pages the pass under way still has.
    private var pagesLeft = 0
    private var nextPage: Instant
    private var nextPass: Instant

    init(unwritten: [NodeKey], nodes: Int, at now: Instant) {
        cursor = Int.random(in: 0...nodes)
        (nextPage, nextPass) = (now + Self.pageEvery, now)
        for key in unwritten { note(key) }
    }

    /// Notes who should be written down soon: as long as nothing is, only its name is remembered.
    mutating func note(_ transition: Transition) {
        guard transition.from == .new || transition.from == .learning else { return }
        note(NodeKey(of: transition.node))
    }
    private mutating func note(_ key: NodeKey) {
        if unwrittenKeys.insert(key).inserted { unwritten.append(key) }
    }

    /// What is to be handed on now, if anything is. Passes and nodes that became something take turns: at a start there are
    /// many of these, and neither may keep the other waiting.
    ///
    /// - Parameter pages: How many a pass takes.
    mutating func next(ofPassWith pages: Int, at now: Instant) -> Page? {
        guard now >= nextPage else { return nil }
        let pause = min(Self.pageOfPassEvery, Self.maxPassDuration / max(1, pages))
        nextPage = now + (unwritten.isEmpty ? pause : min(pause, Self.pageEvery))
        let isPassDue = pagesLeft > 0 || now >= nextPass
        if !unwritten.isEmpty, !isTurnOfPass || !isPassDue {
            isTurnOfPass = true
            let keys = Array(unwritten.prefix(Self.pageSize))
            unwritten.removeFirst(keys.count)
            unwrittenKeys.subtract(keys)
            return .unwritten(keys)
        }
        isTurnOfPass = false
        if pagesLeft > 0 {
            pagesLeft -= 1
            return .pass(cursor)
        }
        guard isPassDue else { return nil }
        nextPass = now + Self.passEvery
        pagesLeft = pages
        return .groups
    }
}

extension DetectorLoop {
    mutating func persistLearnedState(at now: Instant) {
        let pages = pagesOfAll
        switch learnedStateSchedule?.next(ofPassWith: pages, at: now) {
        case .unwritten(let keys): publishEvents(keys.compactMap { detector.detector.persistedNode(of: $0) })
        case .pass(let cursor):
            let next = persistPage(from: cursor)
            learnedStateSchedule?.cursor = next
        case .groups: persistGroups()
        case nil: break
        }
    }

    /// Begins where the pass under way is, with what was not written down for longest.
    func persistAllLearnedState() {
        guard var cursor = learnedStateSchedule?.cursor else { return }
        let end = MonotonicClock.now + LearnedStateSchedule.lastPass
        persistGroups()
        for _ in 0..<pagesOfAll where MonotonicClock.now < end { cursor = persistPage(from: cursor) }
    }

    /// One more than nodes fill: the last of them, and the first of the next round.
    private var pagesOfAll: Int { detector.detector.nodeCount / LearnedStateSchedule.pageSize + 2 }

    /// - Returns: Where the next page begins.
    private func persistPage(from cursor: Int) -> Int {
        let (page, next) = detector.detector.persistedNodes(from: cursor, limit: LearnedStateSchedule.pageSize)
        publishEvents(page)
        return next ?? 0
    }

    private func publishEvents(_ persistedNodes: [PersistedNode]) {
        guard !persistedNodes.isEmpty else { return }
        let (offset, version) = (clocks.civilOffset, Detector<Model>.persistedVersion)
        let nodes = persistedNodes.map { memory in
            StoredNode(
                key: memory.key, identity: memory.identity, model: version, state: memory.bytes,
                lastArrival: memory.lastArrival?.nanoseconds.addingSaturated(offset) ?? 0)
        }
        feed.put(.learned(.nodes(nodes)))
    }

    private func persistGroups() {
        let version = Detector<Model>.persistedVersion
        for (group, bytes) in detector.detector.persistedGroups {
            feed.put(.learned(.group(StoredGroup(group: group, model: version, state: bytes))))
        }
    }
}
