import BinaryCoding
import HeartbeatProtocol
import PhiAccrual

/// Written to the journal as a unit, all or nothing: events, and the changes that follow from them.
struct JournalRecord: Equatable {
    /// Counts from 1 across all runs. `AppliedPosition` stores the number of the last record that the tables contain.
    var number: UInt64
    var events: [StoredEvent]
    var changes: [StoreChange]

    var rows: Int { events.count + changes.count }
}

extension JournalRecord: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(number)
        writer.write(UInt32(clamping: events.count))
        for event in events { writer.write(event) }
        writer.write(UInt32(clamping: changes.count))
        for change in changes { writer.write(change) }
    }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        number = try reader.integer(in: 1...UInt64(Int64.max))
        (events, changes) = ([], [])
        for _ in 0..<(try reader.integer(UInt32.self)) { events.append(try reader.state()) }
        for _ in 0..<(try reader.integer(UInt32.self)) { changes.append(try reader.state()) }
        guard reader.isAtEnd else { throw CorruptData("a journal record has extra bytes") }
    }
}

extension StoredEvent: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        let (level, group, node) = topic.names
        writer.write(sequence)
        for name in [level, group, node, verdict?.rawValue] { writer.write(name: name) }
        writer.write(incarnation)
        writer.write(at)
        writer.write(bytes: json.span.bytes)
    }
    public init(from reader: inout BinaryReader) throws(CorruptData) {
        let sequence: UInt64 = try reader.integer()
        let topic = FeedTopic(level: try reader.name(), group: try reader.name(), node: try reader.name())
        let verdict: Verdict? = try reader.optional { reader throws(CorruptData) in
            let text = try reader.text()
            guard let verdict = Verdict(rawValue: text) else { throw CorruptData("unknown verdict \(text)") }
            return verdict
        }
        self.init(
            sequence: sequence, topic: topic, incarnation: try reader.integer(), verdict: verdict,
            at: try reader.integer(), json: Array(try reader.bytes()))
    }
}

extension StoreChange: BinaryCodable {
    private enum Kind: UInt8 {
        case tuning = 0
        case pause = 1
        case resumption = 2
        case forgetting = 3
    }

    public func write(to writer: inout BinaryWriter) {
        switch self {
        case .tuning(let level, let scope, let policy):
            writer.write(Kind.tuning.rawValue)
            writer.write(level)
            writer.write(name: scope.names.group)
            writer.write(name: scope.names.node)
            writer.write(policy) { $0.write($1) }
        case .pause(let pause):
            writer.write(Kind.pause.rawValue)
            writer.write(pause.key)
            writer.write(pause.node)
            writer.write(pause.until)
            writer.write(pause.reason)
        case .resumption(let key):
            writer.write(Kind.resumption.rawValue)
            writer.write(key)
        case .forgetting(let key):
            writer.write(Kind.forgetting.rawValue)
            writer.write(key)
        }
    }
    public init(from reader: inout BinaryReader) throws(CorruptData) {
        switch Kind(rawValue: try reader.integer()) {
        case .tuning:
            let level = try reader.text()
            let scope = try reader.scope()
            self = .tuning(
                level: level, scope, try reader.optional { reader throws(CorruptData) in try reader.state() })
        case .pause:
            let key: NodeKey = try reader.state()
            let node: NodeIdentity = try reader.state()
            let until: Int64 = try reader.integer()
            self = .pause(StoredPause(key: key, node: node, until: until, reason: try reader.text()))
        case .resumption: self = .resumption(try reader.state())
        case .forgetting: self = .forgetting(try reader.state())
        case nil: throw CorruptData("unknown kind of change")
        }
    }
}

extension BinaryWriter {
    fileprivate mutating func write(name: String?) { write(name) { $0.write($1) } }
}

extension BinaryReader {
    fileprivate mutating func name() throws(CorruptData) -> String? {
        try optional { reader throws(CorruptData) in try reader.text() }
    }
    fileprivate mutating func scope() throws(CorruptData) -> PolicyScope {
        switch (try name(), try name()) {
        case (nil, _): return .everyone
        case (let group?, nil): return .group(group)
        case (let group?, let node?):
            do { return .node(try NodeIdentity(group: group, name: node)) } catch { throw CorruptData("\(error)") }
        }
    }
}
