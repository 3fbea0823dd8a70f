import Foundation
import HeartbeatProtocol
import PhiAccrual
import StateStore
import Testing

@Suite struct `A damaged database file` {
    private static let events: [StoredEvent] = (1...300).map { .transition($0, of: "n\($0 % 40)") }
    private static let nodes: [StoredNode] = (1...300).map { .numbered($0) }

    private func prepared() throws -> Scratch {
        let scratch = Scratch()
        let store = try scratch.open(at: 1000).store
        try store.append(Self.events)
        try store.store(Self.nodes)
        try store.tune("suspect", for: .everyone, to: .phi(4))
        try store.close()
        return scratch
    }

    @Test(arguments: ["garbage", "truncated", "torn pages", "no database", "other tables"])
    func `is moved aside, and a new one is created`(kind: String) throws {
        let scratch = try prepared()
        switch kind {
        case "garbage": try scratch.corrupt { for index in 0..<100 { $0[index] = 0x55 } }
        case "truncated": try scratch.corrupt { $0.removeLast($0.count / 2) }
        case "torn pages":
            try scratch.corrupt { bytes in for index in 8192..<(bytes.count / 2) { bytes[index] = UInt8(index & 0xFF) }
            }
        case "no database": try scratch.corrupt { $0 = Array("Dear diary,".utf8) }
        default: try scratch.execute("DROP TABLE events; CREATE TABLE events (a)")
        }
        var (store, found): (StateStore?, StoreContents) = try scratch.open(at: 1_800_000_000_000)
        #expect(found.epoch == 1_800_000_000_000 && found.events.isEmpty && found.tunings.isEmpty)
        #expect(scratch.damaged == ["phi.sqlite.damaged-20270115T080000Z"])
        #expect(found.warnings.contains { $0.contains("damaged-20270115T080000Z") })
        try store?.append([.transition(1)])
        store = nil
        found = try scratch.open(at: 1_900_000_000_000).found
        #expect(found.epoch == 1_800_000_000_000 && found.lastSequence == 1 && found.warnings.isEmpty)
    }

    @Test func `is deleted once two newer ones exist`() throws {
        let scratch = Scratch()
        for day in 1...4 as ClosedRange<UInt64> {
            try scratch.open(at: day * 86_400_000).store.close()
            try scratch.corrupt { $0 = Array("Dear diary,".utf8) }
            _ = try scratch.open(at: day * 86_400_000)
        }
        #expect(scratch.damaged == ["phi.sqlite.damaged-19700104T000000Z", "phi.sqlite.damaged-19700105T000000Z"])
    }

    @Test func `with only wrong events keeps the learned state`() throws {
        let scratch = try prepared()
        try scratch.replace("{\"sequence\":123}", by: "{\"sequence\":124}")
        let (store, found) = try scratch.open(at: 5000)
        #expect(found.epoch == 5000 && found.events.isEmpty && found.state.isEmpty)
        #expect(found.tunings.count == 1 && scratch.damaged.isEmpty)
        #expect(try store.learnedNodes.count == 300)
        #expect(found.warnings.count == 1 && found.warnings[0].contains("cannot be read"))
    }

    @Test func `that lacks an event starts a new log`() throws {
        let scratch = try prepared()
        try scratch.execute("DELETE FROM events WHERE sequence = 200")
        #expect(try scratch.open(at: 5000).found.epoch == 5000)
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>) func `never yields data that was not written`(seed: UInt64) throws {
        let scratch = try prepared()
        var random = SplitMix64(seed: seed)
        try scratch.corrupt { bytes in
            for _ in 0..<Int.random(in: 1...20, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
        }
        let found: StoreContents
        let store: StateStore
        do { (store, found) = try scratch.open(at: 5000) } catch {
            guard case .tooNew = error as? StoreError else { throw error }  // a flipped bit may be in the version
            return
        }
        #expect(found.events == Self.events || (found.events.isEmpty && !found.warnings.isEmpty))
        #expect(found.state.allSatisfy(Self.events.contains))
        #expect(found.tunings.allSatisfy { $0 == Tuning(level: "suspect", scope: .everyone, policy: .phi(4)) })
        var nodes: [StoredNode] = []
        do { _ = try store.forEachStoredNode { nodes.append($0) } } catch {
            guard case .lost = error else { throw error }
        }
        #expect(nodes.allSatisfy(Self.nodes.contains))
    }
}

@Suite struct `Damage while the service runs` {
    @Test func `disables the state store for this run, and the next start moves the file aside`() throws {
        let scratch = Scratch()
        try {
            let store = try scratch.open(at: 1000).store
            for piece in 0..<10 as Range<UInt64> {
                try store.store((1...1000).map { .numbered(piece * 1000 + $0) })
            }
            try store.close()
        }()
        try {
            let store = try scratch.open(at: 1000).store
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.database))
            for page in 100..<500 as Range<UInt64> {
                try file.seek(toOffset: page * 4096)
                try file.write(contentsOf: Data(repeating: 0xAA, count: 4096))
            }
            #expect(throws: StoreError.self) { _ = try store.forEachStoredNode { _ in } }
            let loss = #expect(throws: StoreError.self) { try store.append([.transition(1)]) }
            guard case .lost = loss else {
                Issue.record("\(String(describing: loss))")
                return
            }
        }()
        let found = try scratch.open(at: 5000).found
        #expect(found.epoch == 5000 && scratch.damaged.count == 1)
    }
}
