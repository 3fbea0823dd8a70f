import PhiAccrual
import StateStore
import SystemClocks

/// What was learned of some nodes, or of a group: as much as is stored at once.
enum StoredPage: Sendable {
    case nodes([StoredNode])
    case group(StoredGroup)
}

/// The memory of the thread of events, as long as it lasts.
///
/// An event waits for one write to the journal. All else is done in quiet moments, a little at once: an event that comes
/// meanwhile waits for it.
struct StoreWriter {
    /// So long events stand in the journal only, when they are few: each is cheaper to settle with others.
    private static let checkpointEvery: Duration = .seconds(1)
    /// How many events are not few.
    private static let manyWaiting = 32

    let folder: String
    /// Why nothing is remembered any more; nil as long as it is.
    private(set) var loss: StoreError?
    /// Kept when it is lost: the folder stays ours.
    private let memory: StateStore?
    /// What was learned, to be stored in quiet moments, oldest first.
    private var pages: ArraySlice<StoredPage> = []
    private var nextCheckpoint = Instant(nanoseconds: 0)

    init(_ memory: StateStore, in folder: String) { (self.memory, self.folder) = (memory, folder) }
    /// One that could not even be opened.
    init(lost loss: StoreError, in folder: String) { (memory, self.loss, self.folder) = (nil, loss, folder) }

    var eventCount: UInt64 { memory?.eventCount ?? 0 }
    /// Whether there is something to do in quiet moments.
    var hasWork: Bool { !pages.isEmpty || mustCheckpointAtOnce }
    /// Whether it gets no quiet moments. Then what was learned has to be stored anyway.
    var isBehind: Bool { pages.count > 1000 }
    private var mustCheckpointAtOnce: Bool {
        guard loss == nil, let memory else { return false }
        return memory.pendingRows >= Self.manyWaiting || memory.hasPendingOperatorChanges
    }

    /// Takes down events before they are published, and what follows from them.
    mutating func append(_ events: [LoggedEvent], _ changes: [StoreChange]) {
        let forgotten = Set(changes.compactMap { if case .forgetting(let key) = $0 { key } else { nil } })
        if !forgotten.isEmpty { drop(forgotten) }
        attempt { (memory) throws(StoreError) in try memory.append(events, changes) }
    }

    mutating func learned(_ page: StoredPage) { if loss == nil { pages.append(page) } }

    /// Does a little of what there is to do.
    mutating func work(at now: Instant) {
        let checkpoints = mustCheckpointAtOnce || now >= nextCheckpoint
        if checkpoints { checkpoint(at: now) }
        if !checkpoints || isBehind { storePage() }
    }

    private mutating func checkpoint(at now: Instant) {
        nextCheckpoint = now + Self.checkpointEvery
        attempt { (memory) throws(StoreError) in try memory.checkpoint() }
    }

    private mutating func storePage() {
        guard let page = pages.popFirst() else { return }
        attempt { (memory) throws(StoreError) in
            switch page {
            case .nodes(let nodes): try memory.store(nodes.sorted { $0.key.rawValue < $1.key.rawValue })
            case .group(let group): try memory.store([group])
            }
        }
    }

    /// Ends in order, having stored what it can until then.
    mutating func close(by end: Instant) {
        while !pages.isEmpty, MonotonicClock.now < end { storePage() }
        attempt { (memory) throws(StoreError) in try memory.close() }
    }

    /// What was learned of the forgotten is not to come after them.
    private mutating func drop(_ forgotten: Set<NodeKey>) {
        for index in pages.indices {
            guard case .nodes(let nodes) = pages[index], nodes.contains(where: { forgotten.contains($0.key) })
            else { continue }
            pages[index] = .nodes(nodes.filter { !forgotten.contains($0.key) })
        }
    }

    private mutating func attempt(_ body: (StateStore) throws(StoreError) -> Void) {
        guard let memory, loss == nil else { return }
        do { try body(memory) } catch {
            loss = error
            pages = []
        }
    }
}
