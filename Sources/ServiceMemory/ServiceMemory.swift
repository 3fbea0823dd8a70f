import GRDB
import PhiAccrual

/// What a service remembers over its end: events, what it learned, and what it was told while it ran.
///
/// It is used from one thread. After an operation failed, none succeeds in this run, and the service goes on without a
/// memory. The next start knows, and gives no number again that subscribers may have seen on another event.
public final class ServiceMemory {
    private enum Condition {
        case open(MemoryFile)
        case lost(MemoryError)
        case closed
    }
    /// At least so many events are deleted at once, and not many more: what shares a page is best deleted together.
    private static let deletedAtOnce: UInt64 = 64

    private let folder: StateFolder
    private let header: LogHeader
    private let capacity: UInt64
    private var condition: Condition
    private var firstSequence: UInt64
    /// The number of the last event; 0 if there was none.
    public private(set) var lastSequence: UInt64
    /// Which log this is; see `Recollection`.
    public var epoch: UInt64 { header.epoch }

    init(folder: consuming StateFolder, file: MemoryFile, header: LogHeader, found: Recollection, capacity: Int) {
        self.folder = folder
        (self.header, self.capacity, condition) = (header, UInt64(max(1, capacity)), .open(file))
        (firstSequence, lastSequence) = (found.events.first?.sequence ?? 1, found.lastSequence)
    }

    // MARK: Events

    /// How many events are kept.
    public var eventCount: UInt64 { lastSequence + 1 - firstSequence }

    /// Takes down events that are about to be published, and what follows from them, all or none. When it returns, the end
    /// of the process cannot undo it.
    ///
    /// An event replaces the last one of its topic in the state. Where a node is forgotten at a level, its events at
    /// this level and those that are no transitions leave the state.
    ///
    /// - Precondition: They are numbered from `lastSequence + 1`, without gaps.
    public func append(_ events: [LoggedEvent], _ changes: [MemoryChange] = []) throws(MemoryError) {
        guard !events.isEmpty || !changes.isEmpty else { return }
        let last = events.last?.sequence ?? lastSequence
        precondition(
            zip(events, (lastSequence + 1)...).allSatisfy { $0.sequence == $1 }, "events are numbered without gaps")
        let surplus = last - min(last, firstSequence - 1 + capacity)
        let deleted = surplus < Self.deletedAtOnce ? 0 : min(surplus, max(Self.deletedAtOnce, 2 * UInt64(events.count)))
        try perform { file in
            try file.write(rows: events.count + changes.count) { database in
                for event in events { try database.append(event) }
                for change in changes { try database.carryOut(change) }
                guard deleted > 0 else { return }
                try database.cachedStatement(sql: "DELETE FROM events WHERE sequence < ?")
                    .execute(arguments: [DatabaseValue.number(firstSequence + deleted)])
            }
            // To the disk at once, and not with the next checkpoint.
            if changes.contains(where: \.isWish) { file.checkpoint() }
        }
        firstSequence += deleted
        lastSequence = last
    }

    // MARK: What was learned

    /// Takes down what was learned of nodes, all or none; in order of their keys it costs least.
    public func store(_ nodes: [LearnedNode]) throws(MemoryError) {
        try perform { file in
            try file.write(rows: nodes.count) { database in
                for node in nodes { try database.put(node, into: "learned") }
            }
        }
    }
    public func store(_ groups: [LearnedGroup]) throws(MemoryError) {
        try perform { file in
            try file.write(rows: groups.count) { database in
                for group in groups { try database.put(group, into: "group_learned") }
            }
        }
    }

    public func forget(group: String) throws(MemoryError) {
        try perform { file in
            try file.write(rows: 1) { database in
                try database.execute(sql: #"DELETE FROM group_learned WHERE "group" = ?"#, arguments: [group])
            }
        }
    }

    /// Gives what was learned of each node, by key. Whoever takes it must not use the memory meanwhile.
    ///
    /// - Returns: How many nodes were left out, since it was damaged.
    public func forEachLearnedNode(_ body: (LearnedNode) -> Void) throws(MemoryError) -> Int {
        var damaged = 0
        try perform { file in
            try file.read { database in
                try database.forEach(LearnedNode.self, of: "learned", orderedBy: "key") { node in
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
    public func close() throws(MemoryError) {
        var last = header
        last.isClean = true
        try perform { file in
            try file.writeDurably { try $0.put(last, into: "meta") }
            try file.close()
        }
        condition = .closed
    }

    private func perform(_ body: (MemoryFile) throws -> Void) throws(MemoryError) {
        switch condition {
        case .closed: preconditionFailure("the memory was closed")
        case .lost(let error): throw error
        case .open(let file):
            do { try body(file) } catch {
                // What is published from now on will not be in the file.
                folder.markIncomplete()
                let loss = MemoryError(error, with: folder.database, in: folder.path)
                condition = .lost(loss)
                throw loss
            }
        }
    }
}

extension Database {
    fileprivate func append(_ event: LoggedEvent) throws {
        try put(event, into: "events")
        guard event.verdict == .forgotten else {
            // In its old place: taking it out and appending it would touch three more pages.
            return try put(
                event, into: "state",
                """
                ON CONFLICT ("group", node, level) DO UPDATE SET sequence = excluded.sequence,
                incarnation = excluded.incarnation, verdict = excluded.verdict, at = excluded.at, json = excluded.json,
                checksum = excluded.checksum
                """)
        }
        try cachedStatement(sql: #"DELETE FROM state WHERE "group" = ? AND node = ? AND level IN (?, ?)"#)
            .execute(
                arguments: StatementArguments([event.group, event.node, event.level, nil].map(DatabaseValue.name)))
    }
}
