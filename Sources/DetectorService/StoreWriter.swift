import EventLoop
import HeartbeatProtocol
import PhiAccrual
import StateStore

/// Learned state of some nodes, or of a group: what one write stores.
enum StoredPage: Sendable {
    case nodes([StoredNode])
    case group(StoredGroup)
}

/// The event publisher's access to the state store, until the store is lost.
///
/// Each batch of events waits for one write to the journal. All other work is done while no events are pending, in
/// small steps, since an event that arrives meanwhile waits for the step.
struct StoreWriter {
    /// Interval between checkpoints while few events are pending: a checkpoint of several is cheaper for each.
    private static let checkpointInterval: Duration = .seconds(1)
    /// Number of pending rows that causes a checkpoint at once.
    private static let maxPendingRows = 32

    let folder: String
    /// Why the state store was lost; nil while it works.
    private(set) var loss: StoreError?
    /// Kept after a loss: the folder stays locked.
    private let store: StateStore?
    /// Learned state to be stored while no events are pending, oldest first.
    private var pages: ArraySlice<StoredPage> = []
    private var nextCheckpoint = Instant(nanoseconds: 0)

    init(_ store: StateStore, in folder: String) { (self.store, self.folder) = (store, folder) }
    /// A state store that could not be opened.
    init(lost loss: StoreError, in folder: String) { (store, self.loss, self.folder) = (nil, loss, folder) }

    var eventCount: UInt64 { store?.eventCount ?? 0 }
    /// Whether there is work to do while no events are pending.
    var hasWork: Bool { !pages.isEmpty || mustCheckpointAtOnce }
    /// Whether events left no time for work. Learned state must then be stored nevertheless.
    var isBehind: Bool { pages.count > 1000 }
    private var mustCheckpointAtOnce: Bool {
        guard loss == nil, let store else { return false }
        return store.pendingRows >= Self.maxPendingRows || store.hasPendingOperatorChanges
    }

    /// Persists events and the changes that follow from them, before the events are published.
    mutating func append(_ events: [StoredEvent], _ changes: [StoreChange]) {
        let forgotten = Set(changes.compactMap { if case .forgetting(let key) = $0 { key } else { nil } })
        if !forgotten.isEmpty { drop(forgotten) }
        attempt { (store) throws(StoreError) in try store.append(events, changes) }
    }

    mutating func learned(_ page: StoredPage) { if loss == nil { pages.append(page) } }

    /// Does one small step of the pending work.
    mutating func work(at now: Instant) {
        let checkpoints = mustCheckpointAtOnce || now >= nextCheckpoint
        if checkpoints { checkpoint(at: now) }
        if !checkpoints || isBehind { storePage() }
    }

    private mutating func checkpoint(at now: Instant) {
        nextCheckpoint = now + Self.checkpointInterval
        attempt { (store) throws(StoreError) in try store.checkpoint() }
    }

    private mutating func storePage() {
        guard let page = pages.popFirst() else { return }
        attempt { (store) throws(StoreError) in
            switch page {
            case .nodes(let nodes): try store.store(nodes.sorted { $0.key.rawValue < $1.key.rawValue })
            case .group(let group): try store.store([group])
            }
        }
    }

    /// Stores what it can until `end`, and closes the state store.
    mutating func close(by end: Instant) {
        while !pages.isEmpty, MonotonicClock.now < end { storePage() }
        attempt { (store) throws(StoreError) in try store.close() }
    }

    /// Learned state of a forgotten node must not be stored after it was forgotten.
    private mutating func drop(_ forgotten: Set<NodeKey>) {
        for index in pages.indices {
            guard case .nodes(let nodes) = pages[index], nodes.contains(where: { forgotten.contains($0.key) })
            else { continue }
            pages[index] = .nodes(nodes.filter { !forgotten.contains($0.key) })
        }
    }

    private mutating func attempt(_ body: (StateStore) throws(StoreError) -> Void) {
        guard let store, loss == nil else { return }
        do { try body(store) } catch {
            loss = error
            pages = []
        }
    }
}
