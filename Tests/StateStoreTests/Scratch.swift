import Foundation
import GRDB
import HeartbeatProtocol
import PhiAccrual
import StateStore
import Testing

/// A temporary folder for one test. It is removed with this object.
final class Scratch {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("phi-\(UUID().uuidString)").path
    var database: String { path + "/phi.sqlite" }
    var journal: String { database + "-events" }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// - Parameters:
    ///   - boot: Identifier of the machine's boot; nil if unknown.
    ///   - time: Unix milliseconds.
    func open(
        keeping capacity: Int = 1000, boot: String? = "one", at time: UInt64 = 1000
    ) throws -> (store: StateStore, found: StoreContents) {
        try StateStore.open(in: path, keeping: capacity, boot: boot, at: time)
    }

    /// A copy of the files as they would be if the process were killed now.
    func killed() throws -> Scratch {
        let copy = Scratch()
        try FileManager.default.createDirectory(atPath: copy.path, withIntermediateDirectories: true)
        for name in names where name != "lock" && !name.hasSuffix("-shm") {
            try FileManager.default.copyItem(atPath: "\(path)/\(name)", toPath: "\(copy.path)/\(name)")
        }
        return copy
    }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
    var damaged: [String] { names.filter { $0.hasPrefix("phi.sqlite.damaged-") } }
    func size(_ suffix: String = "") throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: database + suffix)[.size] as? Int)
    }

    /// Changes the database from outside the state store.
    func execute(_ sql: String) throws { try DatabaseQueue(path: database).write { try $0.execute(sql: sql) } }
    /// The rows of a table, in order of sequence, each as one line.
    func rows(of table: String) throws -> [String] {
        try DatabaseQueue(path: database).read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM \(table) ORDER BY sequence").map { row in
                row.databaseValues.map { "\($0)" }.joined(separator: " ")
            }
        }
    }
    func count(_ table: String) throws -> Int {
        try DatabaseQueue(path: database).read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? 0 }
    }

    /// Changes the bytes of the database file.
    func corrupt(_ body: (inout [UInt8]) -> Void) throws {
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: database)))
        body(&bytes)
        try Data(bytes).write(to: URL(fileURLWithPath: database))
    }
    /// Replaces every occurrence of a text in the database file by another text of the same length.
    func replace(_ old: String, by new: String) throws {
        let (old, new) = (Array(old.utf8), Array(new.utf8))
        var replaced = 0
        try corrupt { bytes in
            guard bytes.count >= old.count else { return }
            for start in 0...(bytes.count - old.count) where bytes[start..<start + old.count].elementsEqual(old) {
                bytes.replaceSubrange(start..<start + old.count, with: new)
                replaced += 1
            }
        }
        try #require(replaced > 0)
    }
}

extension StoredEvent {
    static func transition(
        _ sequence: UInt64, of node: String = "n1", to verdict: Verdict = .suspected, at level: String = "suspect",
        json: String? = nil
    ) -> StoredEvent {
        StoredEvent(
            sequence: sequence, topic: FeedTopic(level: level, group: "g", node: node), incarnation: 7,
            verdict: verdict,
            at: 1_000_000_000 + Int64(sequence), json: Array((json ?? "{\"sequence\":\(sequence)}").utf8))
    }
    static func notice(_ sequence: UInt64, of node: String? = nil) -> StoredEvent {
        StoredEvent(
            sequence: sequence, topic: FeedTopic(level: nil, group: node == nil ? nil : "g", node: node), at: 5,
            json: Array("{}".utf8))
    }
}

extension StoredNode {
    static func numbered(_ number: UInt64, state: [UInt8]? = nil) -> StoredNode {
        StoredNode(
            key: NodeKey(rawValue: number &* 0x9E37_79B9_7F4A_7C15),
            identity: try? NodeIdentity(group: "g", name: "n\(number)"), model: "adaptive 1",
            state: state ?? (0..<400).map { UInt8(truncatingIfNeeded: $0 &* number) }, lastArrival: Int64(number))
    }
}

extension StateStore {
    func checkpointAll() throws { while pendingRows > 0 { try checkpoint() } }
    func tune(_ level: String, for scope: PolicyScope, to policy: Policy?) throws {
        try append([], [.tuning(level: level, scope, policy)])
    }
    func pause(_ pause: StoredPause) throws { try append([], [.pause(pause)]) }
    func resume(_ key: NodeKey) throws { try append([], [.resumption(key)]) }
    func forget(_ key: NodeKey) throws { try append([], [.forgetting(key)]) }
    var learnedNodes: [StoredNode] {
        get throws {
            var nodes: [StoredNode] = []
            #expect(try forEachStoredNode { nodes.append($0) } == 0)
            return nodes
        }
    }
}
