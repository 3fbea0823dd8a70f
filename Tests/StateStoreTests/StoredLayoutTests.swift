import Foundation
import GRDB
import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

@testable import StateStore

@Suite struct `The stored layout` {
    private static let policies: [Policy] = [
        .phi(0.1), .price(1000), .mistakes(MistakeBudget(.perHeartbeat(0.001))),
        .mistakes(MistakeBudget(.every(1e15), within: 3_000_000_000)),
    ]

    @Test func `of the journal is pinned`() throws {
        let node = try NodeIdentity(group: "g", name: "n1")
        let pause = StoredPause(key: NodeKey(rawValue: 7), node: node, until: .min, reason: "new \0 disk")
        let changes: [(name: String, change: StoreChange)] = [
            ("tuning of everyone", .tuning(level: "suspect", .everyone, Self.policies[0])),
            ("tuning of a group", .tuning(level: "suspect", .group("g"), Self.policies[1])),
            ("tuning of a node", .tuning(level: "suspect", .node(node), Self.policies[2])),
            ("tuning with a cap", .tuning(level: "evict", .everyone, Self.policies[3])),
            ("tuning undone", .tuning(level: "evict", .group("g"), nil)), ("pause", .pause(pause)),
            ("resumption", .resumption(NodeKey(rawValue: .max))), ("forgetting", .forgetting(NodeKey(rawValue: 1))),
        ]
        var golden = GoldenBytes("journal.txt")
        var number: UInt64 = 0
        func add(_ name: String, _ events: [StoredEvent], _ changes: [StoreChange]) throws {
            number += 1
            let scratch = Scratch()
            try FileManager.default.createDirectory(atPath: scratch.path, withIntermediateDirectories: true)
            let journal = try EventJournal(scratch.journal, in: scratch.path)
            try journal.append(JournalRecord(number: number, events: events, changes: changes))
            golden.add(name, Array(try Data(contentsOf: URL(fileURLWithPath: scratch.journal))))
        }
        for verdict in Verdict.allCases { try add("transition to \(verdict)", [.transition(1, to: verdict)], []) }
        try add("notice of everyone", [.notice(2)], [])
        try add("notice of a node", [.notice(3, of: "n1")], [])
        for (name, change) in changes { try add(name, [], [change]) }
        try add("two events and two changes", [.transition(4), .notice(5)], changes.prefix(2).map(\.change))
        try golden.check()
    }

    @Test func `of the database is pinned`() throws {
        let scratch = Scratch()
        let store = try scratch.open(boot: "one", at: 1000).store
        let node = try NodeIdentity(group: "g", name: "n1")
        let scopes: [PolicyScope] = [.everyone, .group("g"), .node(node), .group("h")]
        let tunings = zip(scopes, Self.policies).map { StoreChange.tuning(level: "suspect", $0, $1) }
        let pause = StoredPause(key: NodeKey(rawValue: .max), node: node, until: 9, reason: "new \0 disk")
        try store.append(
            [.transition(1), .notice(2), .notice(3, of: "n1"), .transition(4, of: "ü", to: .left, at: "evict")],
            tunings + [.pause(pause)])
        try store.store([
            StoredNode(
                key: NodeKey(rawValue: .max), identity: node, model: "normal/1 node/2", state: [1, 2], lastArrival: 3),
            StoredNode(
                key: NodeKey(rawValue: 5), identity: nil, model: "normal/1 node/2", state: [], lastArrival: .min),
        ])
        try store.store([StoredGroup(group: "g", model: "normal/1 node/2", state: [4, 5])])
        try store.close()

        var golden = GoldenBytes("database.txt")
        try DatabaseQueue(path: scratch.database).read { database in
            let tables = try Row.fetchAll(database, sql: "SELECT name, sql FROM sqlite_master ORDER BY name")
            for table in tables {
                let name: String = table["name"]
                golden.add("schema of \(name)", (table["sql"] as String?) ?? "")
                guard !name.hasPrefix("sqlite_") else { continue }
                let columns = try database.columns(in: name).map { "quote(\"\($0.name)\")" }
                let rows = try Row.fetchAll(
                    database, sql: "SELECT \(columns.joined(separator: ",")) FROM \(name)")
                for (number, row) in rows.enumerated() {
                    golden.add(
                        "row \(number) of \(name)",
                        row.databaseValues.map { String.fromDatabaseValue($0) ?? "" }.joined(separator: " "))
                }
            }
        }
        try golden.check()
    }
}
