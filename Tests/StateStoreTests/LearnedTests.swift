import Foundation
import PhiAccrual
import StateStore
import Testing

@Suite struct `Learned state` {
    @Test func `is restored, with the newest state of each node`() throws {
        let scratch = Scratch()
        var store: StateStore? = try scratch.open().store
        try store?.store((1...100).map { .numbered($0) })
        var changed = StoredNode.numbered(50)
        (changed.state, changed.model, changed.identity) = ([], "adaptive 2", nil)
        try store?.store([changed])
        try store?.store([
            StoredGroup(group: "h", model: "m", state: [3]), StoredGroup(group: "g", model: "m", state: [1]),
        ])
        try store?.store([StoredGroup(group: "g", model: "m", state: [2])])
        store = nil
        let (again, found) = try scratch.open()
        let expected = (1...100).map { $0 == 50 ? changed : StoredNode.numbered($0) }
        #expect(Set(try again.learnedNodes) == Set(expected))
        #expect(found.groups.map(\.state) == [[2], [3]])
    }

    @Test func `is deleted with its node or group`() throws {
        let scratch = Scratch()
        var store: StateStore? = try scratch.open().store
        let node = try NodeIdentity(group: "g", name: "n1")
        try store?.store([.numbered(1), .numbered(2)])
        try store?.store([StoredGroup(group: "g", model: "m", state: [])])
        try store?.pause(StoredPause(key: StoredNode.numbered(1).key, node: node, until: 5, reason: ""))
        try store?.tune("suspect", for: .node(node), to: .phi(5))
        try store?.forget(StoredNode.numbered(1).key)
        try store?.forget(group: "g")
        store = nil
        let (again, found) = try scratch.open()
        #expect(try again.learnedNodes == [.numbered(2)])
        #expect(found.pauses.isEmpty && found.groups.isEmpty && found.tunings.count == 1)
    }

    @Test func `is skipped where it is damaged`() throws {
        let scratch = Scratch()
        let mark = "this state was learned in a week"
        try {
            let store = try scratch.open().store
            try store.store([.numbered(1), .numbered(2, state: Array(mark.utf8)), .numbered(3)])
            try store.store([StoredGroup(group: "g", model: "m", state: Array("together in a month".utf8))])
            try store.close()
        }()
        try scratch.replace(mark, by: mark.replacing("week", with: "weak"))
        try scratch.replace("together in a month", by: "together in a mouth")
        let (store, found) = try scratch.open()
        var nodes: [StoredNode] = []
        #expect(try store.forEachStoredNode { nodes.append($0) } == 1)
        #expect(Set(nodes) == [.numbered(1), .numbered(3)])
        #expect(found.groups.isEmpty && found.warnings.count == 1 && found.warnings[0].contains("learned"))
    }
}

@Suite struct `An operator's change` {
    @Test func `survives a restart until it is undone`() throws {
        let scratch = Scratch()
        var store: StateStore? = try scratch.open().store
        let node = try NodeIdentity(group: "g", name: "n1")
        let budget = try Policy(parsing: "mistakes=1/30d,within=3s")
        try store?.tune("suspect", for: .everyone, to: .phi(3))
        try store?.tune("suspect", for: .group("g"), to: budget)
        try store?.tune("suspect", for: .node(node), to: .price(1000))
        try store?.tune("evict", for: .everyone, to: .phi(9))
        try store?.tune("suspect", for: .everyone, to: .phi(0.1))
        try store?.tune("evict", for: .everyone, to: nil)
        let reason = "new \0 \"disk\"; DROP TABLE pauses"
        let pause = StoredPause(key: NodeKey(rawValue: .max), node: node, until: 1, reason: "old")
        var longer = pause
        (longer.until, longer.reason) = (.max, reason)
        try store?.pause(pause)
        try store?.pause(longer)
        try store?.pause(StoredPause(key: NodeKey(rawValue: 5), node: node, until: 1, reason: "x"))
        try store?.resume(NodeKey(rawValue: 5))
        store = nil
        let found = try scratch.open().found
        #expect(
            found.tunings == [
                Tuning(level: "suspect", scope: .everyone, policy: .phi(0.1)),
                Tuning(level: "suspect", scope: .group("g"), policy: budget),
                Tuning(level: "suspect", scope: .node(node), policy: .price(1000)),
            ])
        #expect(found.pauses == [longer])
    }

    @Test func `is dropped if one of its bits flipped`() throws {
        let scratch = Scratch()
        try {
            let store = try scratch.open().store
            try store.tune("suspect", for: .everyone, to: .phi(8))
            try store.tune("evict", for: .everyone, to: .phi(12))
            try store.close()
        }()
        try scratch.replace("phi=8", by: "phi=9")
        let found = try scratch.open().found
        #expect(found.tunings == [Tuning(level: "evict", scope: .everyone, policy: .phi(12))])
        #expect(found.warnings.count == 1 && found.warnings[0].contains("1 unreadable tuned policy"))
    }
}
