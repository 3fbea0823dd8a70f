import GRDB
import PhiAccrual

/// What a service remembers over its end: events, what it learned, and what it was told while it ran.
///
/// It is used from one thread. After an operation failed, none succeeds in this run, and the service goes on without a
/// memory. The next start knows, and gives no number again that subscribers may have seen on another event.
public final class StateStore {
    private enum Condition {
        case open(StoreDatabase)
        case lost(StoreError)
        case closed
    }
    /// At least so many events are deleted at once, and not many more: what shares a page is best deleted together.
    private static let deletedAtOnce: UInt64 = 64

    /// So much waits in the journal at most. It is also read at a start, and this takes a second per 100,000 or so.
    private static let maxPending = (rows: 10_000, bytes: 16 << 20)
    /// So many rows are settled at once, or those of one record: events that come meanwhile wait.
    private static let appliedAtOnce = 32

    private let folder: StateFolder
    private let journal: EventJournal
    private let header: LogHeader
    private let capacity: UInt64
    private var condition: Condition
    /// What is in the journal and not in the tables, in order.
    private var waiting: ArraySlice<JournalRecord> = []
    /// How many events and changes wait to be settled.
    public private(set) var pendingRows = 0
    private var lastRecord: UInt64
    private var firstSequence: UInt64
    /// The number of the last event; 0 if there was none.
    public private(set) var lastSequence: UInt64
    /// Which log this is; see `StoreContents`.
    public var epoch: UInt64 { header.epoch }

    init(
        folder: consuming StateFolder, file: StoreDatabase, journal: EventJournal, lastRecord: UInt64,
        header: LogHeader,
        found: StoreContents, capacity: Int
    ) {
        self.folder = folder
        (self.journal, self.lastRecord) = (journal, lastRecord)
        (self.header, self.capacity, condition) = (header, UInt64(max(1, capacity)), .open(file))
        (firstSequence, lastSequence) = (found.events.first?.sequence ?? 1, found.lastSequence)
    }

    // MARK: Events

    /// How many events are kept.
    public var eventCount: UInt64 { lastSequence + 1 - firstSequence }

    /// Takes down events that are about to be published, and what follows from them, all or none. When it returns, the end
    /// of the process cannot undo it. It stands in the journal only, until `checkpoint` is called, unless very much does.
    ///
    /// - Precondition: They are numbered from `lastSequence + 1`, without gaps.
    public func append(_ events: [LoggedEvent], _ changes: [StoreChange] = []) throws(StoreError) {
        guard !events.isEmpty || !changes.isEmpty else { return }
        let last = events.last?.sequence ?? lastSequence
        precondition(
            zip(events, (lastSequence + 1)...).allSatisfy { $0.sequence == $1 }, "events are numbered without gaps")
        while pendingRows >= Self.maxPending.rows || journal.size >= Self.maxPending.bytes { try checkpoint() }
        let record = JournalRecord(number: lastRecord + 1, events: events, changes: changes)
        try perform { _ in try journal.append(record) }
        waiting.append(record)
        (pendingRows, lastRecord, lastSequence) = (pendingRows + record.rows, record.number, last)
    }

    /// Whether they lack what people said, who may not say it again: a stop of the machine should not undo that either.
    public var hasPendingOperatorChanges: Bool { waiting.contains { $0.changes.contains(where: \.isOperatorChange) } }

    /// Brings some of what stands in the journal to the tables, oldest first. The journal is emptied when they have all.
    ///
    /// An event replaces the last one of its topic in the state. Where a node is forgotten at a level, its events at
    /// this level and those that are no transitions leave the state.
    public func checkpoint() throws(StoreError) {
        var (count, rows) = (0, 0)
        for record in waiting where rows < Self.appliedAtOnce {
            (count, rows) = (count + 1, rows + record.rows)
        }
        let records = waiting.prefix(count)
        guard let last = records.last else { return }
        let newest = records.last { !$0.events.isEmpty }?.events.last?.sequence ?? 0
        let surplus = newest - min(newest, firstSequence - 1 + capacity)
        let deleted = surplus < Self.deletedAtOnce ? 0 : min(surplus, max(Self.deletedAtOnce, 2 * UInt64(rows)))
        try perform { file in
            try file.checkpoint(records, deletingEventsBefore: deleted > 0 ? firstSequence + deleted : nil)
            if last.number == lastRecord { try journal.removeAll() }
            // To the disk at once, and not with the next checkpoint.
            if records.contains(where: { $0.changes.contains(where: \.isOperatorChange) }) { file.checkpoint() }
        }
        waiting = count == waiting.count ? [] : waiting.dropFirst(count)
        pendingRows -= rows
        firstSequence += deleted
    }

    private func checkpointChanges() throws(StoreError) {
        guard waiting.contains(where: { !$0.changes.isEmpty }) else { return }
        while pendingRows > 0 { try checkpoint() }
    }

    // MARK: What was learned

    /// Takes down what was learned of nodes, all or none; in order of their keys it costs least.
    public func store(_ nodes: [StoredNode]) throws(StoreError) {
        try checkpointChanges()  // one that is forgotten, and comes back, is learned anew
        try perform { file in
            try file.write(rows: nodes.count) { database in
                for node in nodes { try database.put(node, into: "learned") }
            }
        }
    }
    public func store(_ groups: [StoredGroup]) throws(StoreError) {
        try perform { file in
            try file.write(rows: groups.count) { database in
                for group in groups { try database.put(group, into: "group_learned") }
            }
        }
    }

    public func forget(group: String) throws(StoreError) {
        try perform { file in
            try file.write(rows: 1) { database in
                try database.execute(sql: #"DELETE FROM group_learned WHERE "group" = ?"#, arguments: [group])
            }
        }
    }

    /// Gives what was learned of each node, by key. Whoever takes it must not use the memory meanwhile.
    ///
    /// - Returns: How many nodes were left out, since it was damaged.
    public func forEachStoredNode(_ body: (StoredNode) -> Void) throws(StoreError) -> Int {
        var damaged = 0
        try checkpointChanges()
        try perform { file in
            try file.read { database in
                try database.forEach(StoredNode.self, of: "learned", orderedBy: "key") { node in
                    if let node { body(node) } else { damaged += 1 }
                }
            }
        }
        return damaged
    }

    // MARK: The end

    /// Ends the run in order: waits until everything is on the disk. Without it, the machine must not stop before the
    /// next start, else a new log begins then.
    ///
    /// Nothing else may be done afterwards.
    public func close() throws(StoreError) {
        while pendingRows > 0 { try checkpoint() }
        var last = header
        last.isClean = true
        try perform { file in
            try file.writeDurably { try $0.put(last, into: "meta") }
            try file.close()
        }
        condition = .closed
    }

    private func perform(_ body: (StoreDatabase) throws -> Void) throws(StoreError) {
        switch condition {
        case .closed: preconditionFailure("the memory was closed")
        case .lost(let error): throw error
        case .open(let file):
            do { try body(file) } catch {
                // What is published from now on will not be in the file.
                folder.markIncomplete()
                let loss = StoreError(error, with: folder.database, in: folder.path)
                condition = .lost(loss)
                throw loss
            }
        }
    }
}
