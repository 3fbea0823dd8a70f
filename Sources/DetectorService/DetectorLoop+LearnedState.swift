import EventLoop
import PhiAccrual
import StateStore

/// When learned state is persisted: of new nodes soon, of all other nodes gradually, in passes.
struct LearnedStateSchedule {
    /// Nodes per page. Encoding a page takes a tenth of a millisecond, and storing it as long again. Whatever is due in
    /// that time waits.
    static let pageSize = 5
    static let pageInterval: Duration = .milliseconds(10)
    /// Interval between pages of a pass, which is not urgent. It is shorter with many nodes, to bound the pass.
    static let passPageInterval: Duration = .milliseconds(50)
    static let maxPassDuration: Duration = .seconds(600)
    /// Minimum time from the beginning of one pass to the next.
    static let passInterval: Duration = .seconds(10)
    /// Maximum duration of the last pass, when the service stops.
    static let lastPass: Duration = .seconds(1)

    /// What to persist next.
    enum Page: Equatable {
        /// Nodes that were not persisted since they changed from `new` or `learning`.
        case unpersisted([NodeKey])
        /// The next page of the present pass over all nodes, from this cursor on.
        case pass(Int)
        /// The groups: a pass begins.
        case groups
    }

    /// Nodes that were not persisted since they changed from `new` or `learning`, in order, and the same as a set.
    private var unpersisted: ArraySlice<NodeKey> = []
    private var unpersistedKeys: Set<NodeKey> = []
    /// Whether a page of the pass comes before the next page of those nodes.
    private var isTurnOfPass = false
    /// Where the next page of a pass begins. The first pass begins at a random slot: a service that is killed again and
    /// again then persists every node eventually.
    fileprivate var cursor: Int
    /// Pages left in the present pass.
    private var pagesLeft = 0
    private var nextPage: Instant
    private var nextPass: Instant

    init(unpersisted: [NodeKey], nodes: Int, at now: Instant) {
        cursor = Int.random(in: 0...nodes)
        (nextPage, nextPass) = (now + Self.pageInterval, now)
        for key in unpersisted { note(key) }
    }

    /// Notes a node that should be persisted soon: until then, the store has only its name.
    mutating func note(_ transition: Transition) {
        guard transition.from == .new || transition.from == .learning else { return }
        note(NodeKey(of: transition.node))
    }
    private mutating func note(_ key: NodeKey) {
        if unpersistedKeys.insert(key).inserted { unpersisted.append(key) }
    }

    /// What to persist now, if anything. Pages of the pass and pages of changed nodes alternate: after a start many
    /// nodes change, and neither kind may delay the other.
    ///
    /// - Parameter pages: Number of pages in a pass.
    mutating func next(ofPassWith pages: Int, at now: Instant) -> Page? {
        guard now >= nextPage else { return nil }
        let pause = min(Self.passPageInterval, Self.maxPassDuration / max(1, pages))
        nextPage = now + (unpersisted.isEmpty ? pause : min(pause, Self.pageInterval))
        let isPassDue = pagesLeft > 0 || now >= nextPass
        if !unpersisted.isEmpty, !isTurnOfPass || !isPassDue {
            isTurnOfPass = true
            let keys = Array(unpersisted.prefix(Self.pageSize))
            unpersisted.removeFirst(keys.count)
            unpersistedKeys.subtract(keys)
            return .unpersisted(keys)
        }
        isTurnOfPass = false
        if pagesLeft > 0 {
            pagesLeft -= 1
            return .pass(cursor)
        }
        guard isPassDue else { return nil }
        nextPass = now + Self.passInterval
        pagesLeft = pages
        return .groups
    }
}

extension DetectorLoop {
    mutating func persistLearnedState(at now: Instant) {
        let pages = pagesOfAll
        switch learnedStateSchedule?.next(ofPassWith: pages, at: now) {
        case .unpersisted(let keys): persist(keys.compactMap { detector.detector.persistedNode(of: $0) })
        case .pass(let cursor):
            let next = persistPage(from: cursor)
            learnedStateSchedule?.cursor = next
        case .groups: persistGroups()
        case nil: break
        }
    }

    /// Begins where the present pass is, with the nodes that were persisted longest ago.
    func persistAllLearnedState() {
        guard var cursor = learnedStateSchedule?.cursor else { return }
        let end = MonotonicClock.now + LearnedStateSchedule.lastPass
        persistGroups()
        for _ in 0..<pagesOfAll where MonotonicClock.now < end { cursor = persistPage(from: cursor) }
    }

    /// One more than the nodes fill: the last nodes, and the first ones of the next round.
    private var pagesOfAll: Int { detector.detector.nodeCount / LearnedStateSchedule.pageSize + 2 }

    /// - Returns: The cursor of the next page.
    private func persistPage(from cursor: Int) -> Int {
        let (page, next) = detector.detector.persistedNodes(from: cursor, limit: LearnedStateSchedule.pageSize)
        persist(page)
        return next ?? 0
    }

    private func persist(_ persistedNodes: [PersistedNode]) {
        guard !persistedNodes.isEmpty else { return }
        let (offset, version) = (clocks.civilOffset, Detector<Model>.persistedVersion)
        let nodes = persistedNodes.map { node in
            StoredNode(
                key: node.key, identity: node.identity, model: version, state: node.bytes,
                lastArrival: node.lastArrival?.nanoseconds.addingSaturated(offset) ?? 0)
        }
        publisher.put(.learned(.nodes(nodes)))
    }

    private func persistGroups() {
        let version = Detector<Model>.persistedVersion
        for (group, bytes) in detector.detector.persistedGroups {
            publisher.put(.learned(.group(StoredGroup(group: group, model: version, state: bytes))))
        }
    }
}
