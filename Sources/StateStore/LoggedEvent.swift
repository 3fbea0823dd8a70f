import GRDB
import PhiAccrual

/// An event as numbered and published, with the fields needed to handle it without parsing its JSON.
///
/// Level, group, and node form its topic. Each is nil if the event does not concern one.
public struct LoggedEvent: Hashable, Sendable {
    /// Counts from 1, without gaps.
    public var sequence: UInt64
    public var level: String?
    public var group: String?
    public var node: String?
    public var incarnation: UInt32
    /// The verdict that a transition led to; nil for other events.
    public var verdict: Verdict?
    /// When it happened, in Unix nanoseconds.
    public var at: Int64
    /// The exact bytes published.
    public var json: [UInt8]

    public init(
        sequence: UInt64, level: String?, group: String?, node: String?, incarnation: UInt32, verdict: Verdict?,
        at: Int64, json: [UInt8]
    ) {
        (self.sequence, self.level, self.group, self.node) = (sequence, level, group, node)
        (self.incarnation, self.verdict, self.at, self.json) = (incarnation, verdict, at, json)
    }
}

extension LoggedEvent: StoredRow {
    var columns: [DatabaseValue] {
        [
            .number(sequence), .name(level), .name(group), .name(node), .number(incarnation), .name(verdict?.rawValue),
            .number(at), .bytes(json),
        ]
    }
    init(from row: inout RowReader) throws(StoreDamage) {
        sequence = try row.integer()
        (level, group, node) = (try row.name(), try row.name(), try row.name())
        incarnation = try row.integer()
        if let text = try row.name() {
            guard let verdict = Verdict(rawValue: text) else { throw StoreDamage("no verdict is called \(text)") }
            self.verdict = verdict
        }
        (at, json) = (try row.integer(), try row.bytes())
    }
}
