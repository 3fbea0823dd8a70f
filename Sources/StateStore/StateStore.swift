import GRDB
import HeartbeatProtocol
import PhiAccrual

/// Persists events, learned state, and operator changes across restarts.
///
/// Use it from one thread. After one operation fails, every later one in this run fails too, and the service continues
/// without persistence. The next start detects this, and never reuses a sequence number that subscribers may have seen
/// on another event.
public final class StateStore {
    private enum Condition {
        case open(StoreDatabase)
        case lost(StoreError)
        case closed
    }
    /// Minimum number of events per deletion: events that share a database page are best deleted together. A deletion
    /// removes not many more.
    private static let deletedAtOnce: UInt64 = 64

    /// Limits of the journal. Above them, `append` makes a checkpoint first. A start reads the journal too, which takes
    /// about a second per 100,000 rows.
    private static let maxPending = (rows: 10_000, bytes: 16 << 20)
    /// A checkpoint stops adding records at this many rows. New events wait until it ends.
    private static let appliedAtOnce = 32

    private let folder: StateFolder
    private let journal: EventJournal
    private let header: LogHeader
    private let capacity: UInt64
    private var condition: Condition
    /// Records in the journal that are not yet in the tables, oldest first.
    private var pendingRecords: ArraySlice<JournalRecord> = []
    /// Number of events and changes that await a checkpoint.
    public private(set) var pendingRows = 0
    private var lastRecord: UInt64
    private var firstSequence: UInt64
    /// Sequence of the last event; 0 if there was none.
    public private(set) var lastSequence: UInt64

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

    /// Number of events kept in the log.
    public var eventCount: UInt64 { lastSequence + 1 - firstSequence }

    /// Persists events that are about to be published and the changes that follow from them, all or nothing. Once this
    /// returns, the end of the process cannot undo it. The data stays in the journal until `checkpoint` is called, or
    /// until the journal reaches its limits.
    ///
    /// - Precondition: The events are numbered from `lastSequence + 1`, without gaps.
    public func append(_ events: [StoredEvent], _ changes: [StoreChange] = []) throws(StoreError) {
        guard !events.isEmpty || !changes.isEmpty else { return }
        let last = events.last?.sequence ?? lastSequence
        precondition(
            zip(events, (lastSequence + 1)...).allSatisfy { $0.sequence == $1 }, "events are numbered without gaps")
        while pendingRows >= Self.maxPending.rows || journal.size >= Self.maxPending.bytes { try checkpoint() }
        let record = JournalRecord(number: lastRecord + 1, events: events, changes: changes)
        try perform { _ in try journal.append(record) }
        pendingRecords.append(record)
        (pendingRows, lastRecord, lastSequence) = (pendingRows + record.rows, record.number, last)
    }

    /// Whether the tables lack operator changes. Operators may not repeat them, so a machine stop should not undo them
    /// either.
    public var hasPendingOperatorChanges: Bool {
        pendingRecords.contains { $0.changes.contains(where: \.isOperatorChange) }
    }

    /// Moves some records from the journal to the tables, oldest first. Empties the journal once the tables have all
    /// records.
    ///
    /// An event replaces the previous one of its topic in the state. If a node is forgotten at a level, its events at
    /// that level and its events without a level leave the state.
    public func checkpoint() throws(StoreError) {
        var (count, rows) = (0, 0)
        for record in pendingRecords where rows < Self.appliedAtOnce {
            (count, rows) = (count + 1, rows + record.rows)
        }
        let records = pendingRecords.prefix(count)
        guard let last = records.last else { return }
        let newest = records.last { !$0.events.isEmpty }?.events.last?.sequence ?? 0
        let surplus = newest - min(newest, firstSequence - 1 + capacity)
        let deleted = surplus < Self.deletedAtOnce ? 0 : min(surplus, max(Self.deletedAtOnce, 2 * UInt64(rows)))
        try perform { file in
            try file.checkpoint(records, deletingEventsBefore: deleted > 0 ? firstSequence + deleted : nil)
            if last.number == lastRecord { try journal.removeAll() }
            // Start to write it to disk now, not with the next scheduled SQLite checkpoint.
            if records.contains(where: { $0.changes.contains(where: \.isOperatorChange) }) { file.checkpoint() }
        }
        pendingRecords = count == pendingRecords.count ? [] : pendingRecords.dropFirst(count)
        pendingRows -= rows
        firstSequence += deleted
    }

    private func checkpointChanges() throws(StoreError) {
        guard pendingRecords.contains(where: { !$0.changes.isEmpty }) else { return }
        while pendingRows > 0 { try checkpoint() }
    }

    // MARK: Learned state

    /// Persists the learned state of nodes, all or nothing. Ascending order of keys is cheapest.
    public func store(_ nodes: [StoredNode]) throws(StoreError) {
        try checkpointChanges()  // else a pending forgetting would delete the state of a node that came back
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

    /// Calls `body` with the learned state of each node, in order of keys. `body` must not use the state store.
    ///
    /// - Returns: Number of nodes skipped because their state was damaged.
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

    // MARK: Closing

    /// Ends the run cleanly: waits until everything is on disk. Without it, a machine stop before the next start makes
    /// that start begin a new log.
    ///
    /// Do not use the state store afterwards.
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
        case .closed: preconditionFailure("the state store was closed")
        case .lost(let error): throw error
        case .open(let file):
            do { try body(file) } catch {
                // Events published from now on will not be in the file.
                folder.markIncomplete()
                let loss = StoreError(error, with: folder.database, in: folder.path)
                condition = .lost(loss)
                throw loss
            }
        }
    }
}
