import PhiAccrual
import ServiceMemory
import SystemClocks

/// When what was learned is handed on to be remembered: of new nodes soon, of all others little by little, in passes.
struct Checkpoints {
    /// Nodes per page: writing them down takes a fraction of a millisecond, in which no heartbeat is taken in.
    static let pageSize = 50
    static let pageEvery: Duration = .milliseconds(100)
    /// A pass begins that long after the one before, at the earliest.
    static let passEvery: Duration = .seconds(10)
    /// How long the last pass may take.
    static let lastPass: Duration = .seconds(1)
    /// Groups are large.
    static let groupsPerPage = 4

    /// Nodes of which nothing was written down since they became what they are.
    fileprivate var unwritten: ArraySlice<NodeKey>
    /// Where the next page of a pass begins. The first begins anywhere: one who is killed again and again gets everywhere.
    fileprivate var cursor: Int
    /// How many pages the pass under way still has.
    fileprivate var pagesLeft = 0
    fileprivate var nextPage: Instant
    fileprivate var nextPass: Instant

    init(unwritten: [NodeKey], nodes: Int, at now: Instant) {
        self.unwritten = unwritten[...]
        cursor = Int.random(in: 0...nodes)
        (nextPage, nextPass) = (now + Self.pageEvery, now)
    }

    /// Notes who should be written down soon: as long as nothing is, only its name is remembered.
    mutating func note(_ transition: Transition) {
        guard transition.from == .new || transition.from == .learning else { return }
        unwritten.append(NodeKey(of: transition.node))
    }
}

extension Ingest {
    mutating func handOnWhatIsLearned(at now: Instant) {
        guard var plan = checkpoints, now >= plan.nextPage else { return }
        plan.nextPage = now + Checkpoints.pageEvery
        if !plan.unwritten.isEmpty {
            let keys = Set(plan.unwritten.prefix(Checkpoints.pageSize))
            plan.unwritten.removeFirst(min(Checkpoints.pageSize, plan.unwritten.count))
            handOn(keys.compactMap { detector.detector.memory(of: $0) })
        } else if plan.pagesLeft > 0 {
            plan.pagesLeft -= 1
            handOnPage(from: &plan.cursor)
        } else if now >= plan.nextPass {
            plan.nextPass = now + Checkpoints.passEvery
            plan.pagesLeft = pagesOfAll
            handOnGroups()
        }
        checkpoints = plan
    }

    /// Begins where the pass under way is, with what was not written down for longest.
    func handOnEverythingLearned() {
        guard var plan = checkpoints else { return }
        let end = MonotonicClock.now + Checkpoints.lastPass
        handOnGroups()
        for _ in 0..<pagesOfAll where MonotonicClock.now < end { handOnPage(from: &plan.cursor) }
    }

    /// One more than nodes fill: the last of them, and the first of the next round.
    private var pagesOfAll: Int { detector.detector.nodeCount / Checkpoints.pageSize + 2 }

    private func handOnPage(from cursor: inout Int) {
        let (page, next) = detector.detector.memories(from: cursor, limit: Checkpoints.pageSize)
        cursor = next ?? 0
        handOn(page)
    }

    private func handOn(_ memories: [NodeMemory]) {
        guard !memories.isEmpty else { return }
        let (offset, version) = (WallClock.offset, Detector<Model>.memoryVersion)
        let nodes = memories.map { memory in
            LearnedNode(
                key: memory.key, identity: memory.identity, model: version, state: memory.bytes,
                lastArrival: memory.lastArrival?.nanoseconds.addingSaturated(offset) ?? 0)
        }
        feed.put(.learned(.nodes(nodes)))
    }

    private func handOnGroups() {
        let version = Detector<Model>.memoryVersion
        var groups = detector.detector.groupMemories.map {
            LearnedGroup(group: $0.group, model: version, state: $0.bytes)
        }[...]
        while !groups.isEmpty {
            feed.put(.learned(.groups(Array(groups.prefix(Checkpoints.groupsPerPage)))))
            groups = groups.dropFirst(Checkpoints.groupsPerPage)
        }
    }
}
