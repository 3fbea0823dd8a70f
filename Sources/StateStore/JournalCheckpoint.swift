import GRDB
import HeartbeatProtocol
import PhiAccrual

// Moves records from the journal to the tables.

extension StoreDatabase {
    /// - Parameter first: Sequence of the first event to keep; nil deletes none.
    func checkpoint(_ records: ArraySlice<JournalRecord>, deletingEventsBefore first: UInt64? = nil) throws {
        guard let last = records.last else { return }
        let rows = records.reduce(1) { $0 + $1.events.count + $1.changes.count }
        try write(rows: rows) { database in
            for record in records {
                for event in record.events { try database.append(event) }
                for change in record.changes { try database.apply(change) }
            }
            try database.put(AppliedPosition(applied: last.number), into: "journal")
            guard let first else { return }
            try database.cachedStatement(sql: "DELETE FROM events WHERE sequence < ?")
                .execute(arguments: [DatabaseValue.number(first)])
        }
    }

    /// Applies the records that an earlier run left in the journal, unless the tables already contain them.
    ///
    /// - Returns: The number of the last record, and whether the tables now contain all events. If they do not, the
    ///   changes in all readable records are applied nevertheless.
    func catchUp(with journal: EventJournal) throws -> (lastRecord: UInt64, isWhole: Bool) {
        let (records, damage) = try journal.records()
        var (number, sequence) = try read { (try $0.lastAppliedRecord(), try $0.lastSequence()) }
        var (unapplied, isWhole): (ArraySlice<JournalRecord>, Bool) = ([], damage == nil)
        for var record in records where record.number > number {
            isWhole = isWhole && record.number == number + 1
            isWhole = isWhole && zip(record.events, (sequence + 1)...).allSatisfy { $0.sequence == $1 }
            if !isWhole { record.events = [] }
            (number, sequence) = (record.number, record.events.last?.sequence ?? sequence)
            unapplied.append(record)
        }
        try checkpoint(unapplied)
        return (number, isWhole)
    }
}

extension Database {
    fileprivate func lastAppliedRecord() throws -> UInt64 {
        var mark: AppliedPosition?
        try forEach(AppliedPosition.self, of: "journal", orderedBy: "id") { mark = $0 }
        return mark?.applied ?? 0
    }
    fileprivate func lastSequence() throws -> UInt64 {
        UInt64(clamping: try Int64.fetchOne(self, sql: "SELECT max(sequence) FROM events") ?? 0)
    }

    fileprivate func append(_ event: StoredEvent) throws {
        try put(event, into: "events")
        guard event.verdict == .forgotten else {
            // Keeps the row in place: deleting and appending it would touch three more pages.
            return try put(
                event, into: "state",
                """
                ON CONFLICT ("group", node, level) DO UPDATE SET sequence = excluded.sequence,
                incarnation = excluded.incarnation, verdict = excluded.verdict, at = excluded.at, json = excluded.json,
                checksum = excluded.checksum
                """)
        }
        let (level, group, node) = event.topic.names
        try cachedStatement(sql: #"DELETE FROM state WHERE "group" = ? AND node = ? AND level IN (?, ?)"#)
            .execute(arguments: StatementArguments([group, node, level, nil].map(DatabaseValue.name)))
    }
}
