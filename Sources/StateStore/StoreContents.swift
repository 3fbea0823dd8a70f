import GRDB
import HeartbeatProtocol
import PhiAccrual

/// What a service restores from its state store when it starts. The learned state of nodes is read separately, node by
/// node.
public struct StoreContents: Hashable, Sendable {
    /// Identifies the log: Unix milliseconds of its creation, later than the epoch of every earlier log.
    public internal(set) var epoch: UInt64 = 0
    /// The newest events, in order and without gaps. The next event gets the number after the last one's.
    public internal(set) var events: [StoredEvent] = []
    /// The last event of each topic since the log began, in order, without those of forgotten nodes.
    public internal(set) var state: [StoredEvent] = []
    public internal(set) var tunings: [Tuning] = []
    public internal(set) var pauses: [StoredPause] = []
    public internal(set) var groups: [StoredGroup] = []
    /// Sentences for operators, without a full stop.
    public internal(set) var warnings: [String] = []

    /// Sequence of the last event; 0 if there was none.
    public var lastSequence: UInt64 { events.last?.sequence ?? 0 }
}

/// Identifies the stored log, and records how the run that wrote it ended.
struct LogHeader: Hashable, StoredRow {
    var epoch: UInt64
    /// Boot ID of the machine when the service started; empty if unknown.
    var boot: String
    /// Whether the service ended after everything had reached the disk.
    var isClean: Bool

    init(epoch: UInt64, boot: String, isClean: Bool) { (self.epoch, self.boot, self.isClean) = (epoch, boot, isClean) }

    var columns: [DatabaseValue] { [.number(1), .number(epoch), boot.databaseValue, .number(isClean ? 1 : 0)] }
    init(from row: inout RowReader) throws(StoreDamage) {
        _ = try row.integer(Int.self)
        (epoch, boot, isClean) = (try row.integer(), try row.text(), try row.integer(Int.self) != 0)
    }

    /// Why events that subscribers saw may be missing; nil if none are.
    ///
    /// - Parameter isComplete: Whether all events were persisted before they were published, as far as the service
    ///   knows.
    func incompleteReason(boot: String?, isComplete: Bool) -> String? {
        if !isComplete { return "the end of the old log is missing because the service ran without its state store" }
        if isClean || boot == self.boot { return nil }
        return "the end of the old log may be missing because the machine stopped while the service ran"
    }
}

/// Number of the last journal record whose content is in the tables.
struct AppliedPosition: StoredRow {
    var applied: UInt64

    init(applied: UInt64) { self.applied = applied }

    var columns: [DatabaseValue] { [.number(1), .number(applied)] }
    init(from row: inout RowReader) throws(StoreDamage) {
        _ = try row.integer(Int.self)
        applied = try row.integer()
    }
}

extension Database {
    func logHeader() throws -> LogHeader? {
        var header: LogHeader?
        try forEach(LogHeader.self, of: "meta", orderedBy: "id") { header = $0 }
        return header
    }

    /// Events and state. Nil if a row is damaged, events have gaps, or the state is newer than the events.
    func log() throws -> (events: [StoredEvent], state: [StoredEvent])? {
        var isWhole = true
        func all(_ table: String, orderedBy order: String) throws -> [StoredEvent] {
            let (events, damaged) = try readable(StoredEvent.self, of: table, orderedBy: order)
            isWhole = isWhole && damaged == 0
            return events
        }
        let events = try all("events", orderedBy: "sequence")
        let state = try all("state", orderedBy: "rowid").sorted { $0.sequence < $1.sequence }
        let first = events.first?.sequence ?? 1
        isWhole = isWhole && first >= 1 && zip(events, first...).allSatisfy { $0.sequence == $1 }
        isWhole = isWhole && state.last?.sequence ?? 0 <= events.last?.sequence ?? 0
        return isWhole ? (events, state) : nil
    }

    /// The readable rows, and the number of damaged ones.
    func readable<Value: StoredRow>(
        _ type: Value.Type = Value.self, of table: String, orderedBy order: String
    ) throws -> (values: [Value], damaged: Int) {
        var result: (values: [Value], damaged: Int) = ([], 0)
        try forEach(Value.self, of: table, orderedBy: order) { value in
            if let value { result.values.append(value) } else { result.damaged += 1 }
        }
        return result
    }
}
