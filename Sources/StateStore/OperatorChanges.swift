import GRDB
import PhiAccrual

/// A policy set while the service ran. It names its level, because the levels may differ after a restart.
public struct Tuning: Hashable, Sendable {
    public var level: String
    public var scope: PolicyScope
    public var policy: Policy

    public init(level: String, scope: PolicyScope, policy: Policy) {
        (self.level, self.scope, self.policy) = (level, scope, policy)
    }
}

/// A planned absence of a node.
public struct StoredPause: Hashable, Sendable {
    public var key: NodeKey
    public var node: NodeIdentity
    /// When the pause ends, in Unix nanoseconds.
    public var until: Int64
    public var reason: String

    public init(key: NodeKey, node: NodeIdentity, until: Int64, reason: String) {
        (self.key, self.node, self.until, self.reason) = (key, node, until, reason)
    }
}

/// A change to persist besides events.
public enum StoreChange: Hashable, Sendable {
    /// A policy was set while the service ran; nil removes it.
    case tuning(level: String, PolicyScope, Policy?)
    /// A node's planned absence. It replaces an earlier one.
    case pause(StoredPause)
    case resumption(NodeKey)
    /// Deletes a node's learned state and its pause. Its tuned policies stay.
    case forgetting(NodeKey)

    /// Whether an operator made this change. Operators may not repeat a lost change.
    var isOperatorChange: Bool { if case .forgetting = self { false } else { true } }
}

extension Database {
    func apply(_ change: StoreChange) throws {
        switch change {
        case .tuning(let level, let scope, let policy?):
            try put(Tuning(level: level, scope: scope, policy: policy), into: "tunings")
        case .tuning(let level, let scope, nil):
            let names = scope.names
            try execute(
                sql: #"DELETE FROM tunings WHERE level = ? AND "group" = ? AND node = ?"#,
                arguments: [level, DatabaseValue.name(names.group), DatabaseValue.name(names.node)])
        case .pause(let pause): try put(pause, into: "pauses")
        case .resumption(let key): try delete(key, from: "pauses")
        case .forgetting(let key): for table in ["learned", "pauses"] { try delete(key, from: table) }
        }
    }

    private func delete(_ key: NodeKey, from table: String) throws {
        try cachedStatement(sql: "DELETE FROM \(table) WHERE key = ?").execute(arguments: [DatabaseValue.key(key)])
    }
}

extension PolicyScope {
    /// Group and node name; both nil for everyone.
    var names: (group: String?, node: String?) {
        switch self {
        case .everyone: (nil, nil)
        case .group(let group): (group, nil)
        case .node(let node): (node.group, node.name)
        }
    }
}

extension Tuning: StoredRow {
    var columns: [DatabaseValue] {
        [level.databaseValue, .name(scope.names.group), .name(scope.names.node), policy.description.databaseValue]
    }
    init(from row: inout RowReader) throws(StoreDamage) {
        level = try row.text()
        switch (try row.name(), try row.name()) {
        case (nil, _): scope = .everyone
        case (let group?, nil): scope = .group(group)
        case (let group?, let name?):
            do { scope = .node(try NodeIdentity(group: group, name: name)) } catch { throw StoreDamage("\(error)") }
        }
        do { policy = try Policy(parsing: try row.text()) } catch { throw StoreDamage("\(error)") }
    }
}

extension StoredPause: StoredRow {
    /// The reason is stored as bytes, because SQLite ends a text at a NUL byte.
    var columns: [DatabaseValue] {
        [.key(key), node.group.databaseValue, node.name.databaseValue, .number(until), .bytes(Array(reason.utf8))]
    }
    init(from row: inout RowReader) throws(StoreDamage) {
        key = try row.key()
        guard let node = try row.identity() else { throw StoreDamage("a pause has no node") }
        (self.node, until) = (node, try row.integer())
        reason = String(decoding: try row.bytes(), as: UTF8.self)
    }
}
