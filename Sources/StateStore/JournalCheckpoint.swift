import GRDB
import PhiAccrual

// How what stands in the journal comes into the tables.

extension StoreDatabase {
    /// - Parameter first: The first event to be kept, if any are to go.
    func checkpoint(_ records: ArraySlice<JournalRecord>, deletingEventsBefore first: UInt64? = nil) throws {
        guard let last = records.last else { return }
        let rows = records.reduce(1) { $0 + $1.events.count + $1.changes.count }
        try write(rows: rows) { database in
            for record in records {
                for event in record.events { try database.append(event) }
                for change in record.changes { try database.carryOut(change) }
            }
            try database.put(AppliedPosition(applied: last.number), into: "journal")
            guard let first else { return }
            try database.cachedStatement(sql: "DELETE FROM events WHERE sequence < ?")
                .execute(arguments: [DatabaseValue.number(first)])
        }
    }

    /// Brings what an earlier run left in the journal to the tables, unless they have it already.
    ///
    /// - Returns: The last record's number, and whether the tables have all events now. If not, what people said is brought
    ///   there nevertheless, as far as it can be read.
    func catchUp(with journal: EventJournal) throws -> (lastRecord: UInt64, isWhole: Bool) {
        let (records, damage) = try journal.records()
        var (number, sequence) = try read { (try $0.lastAppliedRecord(), try $0.lastSequence()) }
        var (news, isWhole): (ArraySlice<JournalRecord>, Bool) = ([], damage == nil)
        for var record in records where record.number > number {
            isWhole = isWhole && record.number == number + 1
            isWhole = isWhole && zip(record.events, (sequence + 1)...).allSatisfy { $0.sequence == $1 }
            if !isWhole { record.events = [] }
            (number, sequence) = (record.number, record.events.last?.sequence ?? sequence)
            news.append(record)
        }
        try checkpoint(news)
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
