import GRDB
import PhiAccrual

/// An event as it was numbered and published, with what one must know of it without reading it.
///
/// Level, group and node make its topic; where it concerns none they are nil.
public struct LoggedEvent: Hashable, Sendable {
    /// From 1, without gaps.
    public var sequence: UInt64
    public var level: String?
    public var group: String?
    public var node: String?
    public var incarnation: UInt32
    /// What a transition led to; nil for events that are none.
    public var verdict: Verdict?
    /// When it happened; Unix nanoseconds.
    public var at: Int64
    /// As published, byte by byte.
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
