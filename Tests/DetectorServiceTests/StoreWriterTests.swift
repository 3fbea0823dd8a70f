import HeartbeatProtocol
import PhiAccrual
import StateStore
import Testing

@testable import DetectorService

@Suite struct `The store writer` {
    private func node(_ number: UInt64) -> StoredNode {
        StoredNode(key: NodeKey(rawValue: number), identity: nil, model: "m", state: [1], lastArrival: 0)
    }
    private func learned(in folder: Folder) throws -> [UInt64] {
        var keys: [UInt64] = []
        _ = try StateStore.open(in: folder.path, at: 1).store.forEachStoredNode { keys.append($0.key.rawValue) }
        return keys
    }

    @Test func `does not persist learned state of nodes that were forgotten since`() throws {
        let folder = try Folder()
        var store = StoreWriter(try StateStore.open(in: folder.path, at: 1).store, in: folder.path)
        store.learned(.nodes([node(3), node(1)]))
        store.learned(.nodes([node(2)]))
        store.append([], [.forgetting(NodeKey(rawValue: 3))])
        while store.hasWork { store.work(at: Instant(nanoseconds: 0)) }
        #expect(store.loss == nil)
        #expect(try learned(in: folder.killed()) == [1, 2])
    }

    @Test func `checkpoints operator changes and many events at once, and few events within a second`()
        throws
    {
        let folder = try Folder()
        let tables = try StateStore.open(in: folder.path, at: 1).store
        var store = StoreWriter(tables, in: folder.path)
        func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
        func append(_ count: Int) {
            let first = tables.lastSequence + 1
            let events = (first..<first + UInt64(count)).map {
                StoredEvent(
                    sequence: $0, topic: FeedTopic(level: nil, group: nil, node: nil), at: 0, json: [1])
            }
            store.append(events, [])
        }
        store.work(at: at(5000))
        append(1)
        #expect(!store.hasWork)
        store.learned(.nodes([node(1)]))
        store.work(at: at(5999))
        #expect(!store.hasWork && tables.pendingRows == 1)
        store.work(at: at(6000))
        #expect(tables.pendingRows == 0)
        append(32)
        #expect(store.hasWork)
        store.work(at: at(6001))
        #expect(!store.hasWork && tables.pendingRows == 0)
        store.append([], [.resumption(NodeKey(rawValue: 1))])
        #expect(store.hasWork)
        store.work(at: at(6002))
        #expect(!store.hasWork && tables.pendingRows == 0)
    }

    @Test func `persists learned state even if events never pause`() throws {
        let folder = try Folder()
        let tables = try StateStore.open(in: folder.path, at: 1).store
        var store = StoreWriter(tables, in: folder.path)
        for number in 1...1001 as ClosedRange<UInt64> { store.learned(.nodes([node(number)])) }
        #expect(store.isBehind)
        store.append([], [.resumption(NodeKey(rawValue: 0))])
        store.work(at: Instant(nanoseconds: 0))
        #expect(!store.isBehind && tables.pendingRows == 0)
    }

    @Test func `persists at its end as much as its deadline allows`() throws {
        for (end, kept) in [(Int64.max, [1, 2]), (.min, [])] as [(Int64, [UInt64])] {
            let folder = try Folder()
            do {
                var store = StoreWriter(try StateStore.open(in: folder.path, at: 1).store, in: folder.path)
                for number in [1, 2] as [UInt64] { store.learned(.nodes([node(number)])) }
                store.close(by: Instant(nanoseconds: end))
                #expect(store.loss == nil)
            }
            #expect(try learned(in: folder) == kept)
        }
    }

    @Test func `accepts nothing more after a loss, and reports the reason`() {
        let loss = StoreError.lost(file: "f", reason: "the disk is full")
        var store = StoreWriter(lost: loss, in: "/nowhere")
        store.learned(.nodes([node(1)]))
        #expect(!store.hasWork && store.loss == loss && store.eventCount == 0)
        store.append([], [.resumption(NodeKey(rawValue: 1))])
        store.close(by: Instant(nanoseconds: 0))
        #expect(store.loss == loss)
    }
}
