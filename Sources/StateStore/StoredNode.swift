import GRDB
import PhiAccrual

/// The learned state of one node.
public struct StoredNode: Hashable, Sendable {
    public var key: NodeKey
    /// Nil until the node announces its name.
    public var identity: NodeIdentity?
    /// Model and version that wrote the state. Another model cannot read it and starts from scratch.
    public var model: String
    public var state: [UInt8]
    /// Arrival of the last heartbeat, in Unix nanoseconds.
    public var lastArrival: Int64

    public init(key: NodeKey, identity: NodeIdentity?, model: String, state: [UInt8], lastArrival: Int64) {
        (self.key, self.identity, self.model) = (key, identity, model)
        (self.state, self.lastArrival) = (state, lastArrival)
    }
}

/// The state learned jointly from the nodes of one group.
public struct StoredGroup: Hashable, Sendable {
    public var group: String
    /// Model and version that wrote the state.
    public var model: String
    public var state: [UInt8]

    public init(group: String, model: String, state: [UInt8]) {
        (self.group, self.model, self.state) = (group, model, state)
    }
}

extension StoredNode: StoredRow {
    var columns: [DatabaseValue] {
        [
            .key(key), .name(identity?.group), .name(identity?.name), model.databaseValue, .bytes(state),
            .number(lastArrival),
        ]
    }
    init(from row: inout RowReader) throws(StoreDamage) {
        (key, identity) = (try row.key(), try row.identity())
        (model, state, lastArrival) = (try row.text(), try row.bytes(), try row.integer())
    }
}

extension StoredGroup: StoredRow {
    var columns: [DatabaseValue] { [group.databaseValue, model.databaseValue, .bytes(state)] }
    init(from row: inout RowReader) throws(StoreDamage) {
        (group, model, state) = (try row.text(), try row.text(), try row.bytes())
    }
}
