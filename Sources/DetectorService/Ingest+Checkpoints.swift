import PhiAccrual
import ServiceMemory
import SystemClocks

/// When what was learned is handed on to be remembered: little by little, all nodes in one pass, then from the start.
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

    /// Where the next page begins.
    fileprivate(set) var cursor = 0
    fileprivate var nextPage: Instant
    fileprivate var nextPass: Instant

    init(start: Instant) { (nextPage, nextPass) = (start + Self.pageEvery, start + Self.passEvery) }
}

extension Ingest {
    mutating func handOnWhatIsLearned(at now: Instant) {
        guard var plan = checkpoints, now >= plan.nextPage else { return }
        plan.nextPage = now + Checkpoints.pageEvery
        if plan.cursor == 0 { plan.nextPass = now + Checkpoints.passEvery }
        if handOnPage(from: &plan.cursor) {
            handOnGroups()
            plan.nextPage = max(plan.nextPage, plan.nextPass)
        }
        checkpoints = plan
    }

    /// Begins where the pass under way is, with what was not written down for longest.
    func handOnEverythingLearned() {
        guard var cursor = checkpoints?.cursor else { return }
        let start = MonotonicClock.now
        handOnGroups()
        for _ in 0...(detector.detector.nodeCount / Checkpoints.pageSize + 1)
        where MonotonicClock.now - start < Checkpoints.lastPass { _ = handOnPage(from: &cursor) }
    }

    /// - Returns: Whether it was the last one; the next is the first again.
    private func handOnPage(from cursor: inout Int) -> Bool {
        let (page, next) = detector.detector.memories(from: cursor, limit: Checkpoints.pageSize)
        cursor = next ?? 0
        let offset = WallClock.offset
        let version = Detector<Model>.memoryVersion
        if !page.isEmpty {
            feed.put(
                .learned(
                    .nodes(
                        page.map { memory in
                            LearnedNode(
                                key: memory.key, identity: memory.identity, model: version, state: memory.bytes,
                                lastArrival: memory.lastArrival?.nanoseconds.addingSaturated(offset) ?? 0)
                        })))
        }
        return next == nil
    }

    private func handOnGroups() {
        var groups = detector.detector.groupMemories[...]
        while !groups.isEmpty {
            let page = groups.prefix(Checkpoints.groupsPerPage)
            groups = groups.dropFirst(Checkpoints.groupsPerPage)
            let version = Detector<Model>.memoryVersion
            feed.put(
                .learned(.groups(page.map { LearnedGroup(group: $0.group, model: version, state: $0.bytes) })))
        }
    }
}
