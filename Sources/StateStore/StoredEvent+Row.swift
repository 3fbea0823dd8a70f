import GRDB
import HeartbeatProtocol
import PhiAccrual

extension StoredEvent: StoredRow {
    var columns: [DatabaseValue] {
        let (level, group, node) = topic.names
        return [
            .number(sequence), .name(level), .name(group), .name(node), .number(incarnation), .name(verdict?.rawValue),
            .number(at), .bytes(json),
        ]
    }
    init(from row: inout RowReader) throws(StoreDamage) {
        let sequence: UInt64 = try row.integer()
        let topic = FeedTopic(level: try row.name(), group: try row.name(), node: try row.name())
        let incarnation: UInt32 = try row.integer()
        let verdict: Verdict?
        if let text = try row.name() {
            verdict = Verdict(rawValue: text)
            if verdict == nil { throw StoreDamage("unknown verdict \(text)") }
        } else {
            verdict = nil
        }
        self.init(
            sequence: sequence, topic: topic, incarnation: incarnation, verdict: verdict, at: try row.integer(),
            json: try row.bytes())
    }
}
