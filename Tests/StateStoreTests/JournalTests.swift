import BinaryCoding
import Foundation
import HeartbeatProtocol
import PhiAccrual
import Testing

@testable import StateStore

@Suite struct `The journal` {
    private static let node = try? NodeIdentity(group: "g", name: "n1")
    private static let records: [JournalRecord] = [
        JournalRecord(number: 1, events: [.transition(1, of: "ünï’"), .notice(2), .notice(3, of: "n1")], changes: []),
        JournalRecord(
            number: 2, events: [],
            changes: [
                .tuning(level: "suspect", .everyone, .phi(0.1)), .tuning(level: "evict", .group("g"), nil),
                .resumption(NodeKey(rawValue: .max)), .forgetting(NodeKey(rawValue: 0)),
            ]),
        JournalRecord(
            number: 3, events: [.transition(4, to: .forgotten)],
            changes: node.map {
                [
                    .tuning(level: "suspect", .node($0), .price(1000)),
                    .pause(
                        StoredPause(key: NodeKey(rawValue: 7), node: $0, until: .min, reason: "new \0 disk")),
                ]
            } ?? []),
    ]

    private func journal(in scratch: Scratch, bytes: [UInt8]? = nil) throws -> EventJournal {
        try FileManager.default.createDirectory(atPath: scratch.path, withIntermediateDirectories: true)
        if let bytes { try Data(bytes).write(to: URL(fileURLWithPath: scratch.journal)) }
        return try EventJournal(scratch.journal, in: scratch.path)
    }
    /// The bytes of all records, and the offset of each record.
    private func written() throws -> (bytes: [UInt8], starts: [Int]) {
        let scratch = Scratch()
        let journal = try journal(in: scratch)
        var starts: [Int] = []
        for record in Self.records {
            starts.append(journal.size)
            try journal.append(record)
        }
        return (Array(try Data(contentsOf: URL(fileURLWithPath: scratch.journal))), starts)
    }

    @Test func `returns the written records until it is emptied`() throws {
        let (bytes, _) = try written()
        let scratch = Scratch()
        let journal = try journal(in: scratch, bytes: bytes)
        var (records, damage) = try journal.records()
        #expect(records == Self.records && damage == nil && journal.size == bytes.count)
        try journal.removeAll()
        try journal.append(Self.records[1])
        (records, damage) = try journal.records()
        #expect(records == [Self.records[1]] && damage == nil)
    }

    @Test func `stores a record of events as these bytes`() throws {
        func number(_ value: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: value.littleEndian) { Array($0) }
        }
        func text(_ text: String) -> [UInt8] { number(UInt32(text.utf8.count)) + text.utf8 }
        func name(_ name: String?) -> [UInt8] { name.map { [1] + text($0) } ?? [0] }
        let parts: [[UInt8]] = [
            number(UInt64(1)), number(UInt32(3)),
            number(UInt64(1)), name("suspect"), name("g"), name("ünï’"), name("suspected"), number(UInt32(7)),
            number(Int64(1_000_000_001)), text("{\"sequence\":1}"),
            number(UInt64(2)), name(nil), name(nil), name(nil), name(nil), number(UInt32(0)), number(Int64(5)),
            text("{}"),
            number(UInt64(3)), name(nil), name("g"), name("n1"), name(nil), number(UInt32(0)), number(Int64(5)),
            text("{}"),
            number(UInt32(0)),
        ]
        var writer = BinaryWriter()
        writer.write(Self.records[0])
        #expect(writer.bytes == Array(parts.joined()))
    }

    @Test func `truncated anywhere returns the complete records`() throws {
        let (bytes, starts) = try written()
        for end in 0..<bytes.count {
            let (records, damage) = try journal(in: Scratch(), bytes: Array(bytes[..<end])).records()
            let whole = (starts.dropFirst() + [bytes.count]).count { $0 <= end }
            #expect(records == Array(Self.records[..<whole]) && damage == nil, "\(end)")
        }
    }

    @Test func `with a flipped bit reports damage and returns the records before it`() throws {
        let (bytes, starts) = try written()
        for index in bytes.indices {
            var wrong = bytes
            wrong[index] ^= 1 << UInt8(index % 8)
            let (records, damage) = try journal(in: Scratch(), bytes: wrong).records()
            let before = starts.count { $0 <= index } - 1
            #expect(records == Array(Self.records[..<before]) && damage != nil, "\(index)")
        }
    }

    @Test func `is refused if it is all zeros or too large`() throws {
        #expect(try journal(in: Scratch(), bytes: [UInt8](repeating: 0, count: 4096)).records().damage != nil)
        let scratch = Scratch()
        let journal = try journal(in: scratch, bytes: [1])
        #expect(truncate(scratch.journal, off_t(EventJournal.maxFileSize) + 1) == 0)
        let (records, damage) = try EventJournal(scratch.journal, in: scratch.path).records()
        #expect(records.isEmpty && damage?.reason.contains("too large") == true)
        withExtendedLifetime(journal) {}
    }

    @Test func `refuses a record that is too large`() throws {
        let scratch = Scratch()
        let journal = try journal(in: scratch)
        var event = StoredEvent.notice(1)
        event.json = [UInt8](repeating: 1, count: 17 << 20)
        let error = #expect(throws: StoreError.self) {
            try journal.append(JournalRecord(number: 1, events: [event], changes: []))
        }
        #expect(error?.description.contains("too large") == true && journal.size == 0)
    }
}

@Suite struct `A record that is only in the journal` {
    private let key = StoredNode.numbered(1).key

    /// The files of a killed service that wrote three records, the last two of which are not in the tables.
    ///
    /// - Returns: The files, and a journal that has all three records.
    private func prepared() throws -> (scratch: Scratch, whole: [UInt8]) {
        let scratch = Scratch()
        let store = try scratch.open(at: 1000).store
        try store.store([.numbered(1)])
        try store.append([.transition(1), .transition(2)], [.tuning(level: "suspect", .everyone, .phi(1))])
        let first = try bytes(of: scratch)
        try store.checkpointAll()
        #expect(try bytes(of: scratch).isEmpty)
        try store.append([.transition(3)], [.tuning(level: "suspect", .everyone, .phi(2))])
        try store.append([.transition(4)], [.forgetting(key)])
        let copy = try withExtendedLifetime(store) { try scratch.killed() }
        return (copy, first + (try bytes(of: copy)))
    }
    private func bytes(of scratch: Scratch) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: scratch.journal)))
    }
    private func write(_ bytes: [UInt8], to scratch: Scratch) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: scratch.journal))
    }
    private func expectAll(in scratch: Scratch, at time: UInt64 = 5000) throws {
        let (store, found) = try scratch.open(at: time)
        #expect(found.epoch == 1000 && found.warnings.isEmpty)
        #expect(found.events == (1...4).map { .transition($0) } && found.state == [.transition(4)])
        #expect(found.tunings.map(\.policy) == [.phi(2)])
        #expect(try store.learnedNodes.isEmpty)
        #expect(store.pendingRows == 0 && store.lastSequence == 4)
        #expect(try bytes(of: scratch).isEmpty)
    }

    @Test func `survives a crash, and the log continues after it`() throws {
        let scratch = try prepared().scratch
        try expectAll(in: scratch)
        try {
            let store = try scratch.open().store
            try store.append([.transition(5)])
        }()
        let (store, found) = try scratch.open()
        #expect(found.lastSequence == 5 && store.lastSequence == 5)
    }

    @Test func `is applied once, wherever a crash came between tables and journal`() throws {
        let (scratch, whole) = try prepared()
        let last = try bytes(of: scratch)
        // The tables have the first record, and the journal still has it.
        try write(whole, to: scratch)
        try expectAll(in: scratch)
        // The tables have all records. The journal still has all of them, or a machine crash restored an earlier
        // journal.
        for old in [last, whole, Array(whole.dropLast(last.count))] {
            try write(old, to: scratch)
            try expectAll(in: scratch)
        }
        // An old journal does not undo a later tuning.
        try {
            let store = try scratch.open().store
            try store.tune("suspect", for: .everyone, to: .phi(9))
            try store.checkpointAll()
            try store.store([.numbered(1)])
        }()
        try write(whole, to: scratch)
        let (store, found) = try scratch.open()
        #expect(found.tunings.map(\.policy) == [.phi(9)] && found.epoch == 1000)
        #expect(try store.learnedNodes == [.numbered(1)])
    }

    @Test func `does not undo state that was learned after it`() throws {
        let scratch = Scratch()
        let store = try scratch.open().store
        try store.forget(key)
        try store.store([.numbered(1)])
        let copy = try withExtendedLifetime(store) { try scratch.killed() }
        #expect(try copy.open().store.learnedNodes == [.numbered(1)])
    }

    @Test func `is dropped if it was written incompletely`() throws {
        let (scratch, _) = try prepared()
        try write(Array(try bytes(of: scratch).dropLast()), to: scratch)
        let found = try scratch.open(at: 5000).found
        #expect(found.epoch == 1000 && found.lastSequence == 3 && found.tunings.map(\.policy) == [.phi(2)])
        #expect(found.warnings.isEmpty)
    }

    @Test(arguments: ["damage", "gap", "gap in events", "garbage"])
    func `and is unreadable starts a new log, and tunings are kept`(kind: String) throws {
        let (scratch, _) = try prepared()
        var journal = try bytes(of: scratch)
        switch kind {
        case "damage": journal[journal.count - 1] ^= 1
        case "gap": journal.removeFirst(journal.count / 2)
        case "gap in events": try scratch.execute("DELETE FROM events WHERE sequence = 2")
        default: journal += Array(repeating: 0, count: 100)
        }
        if kind == "gap" {
            // The journal has only the last record.
            let whole = Scratch()
            try FileManager.default.createDirectory(atPath: whole.path, withIntermediateDirectories: true)
            let last = try EventJournal(whole.journal, in: whole.path)
            try last.append(
                JournalRecord(
                    number: 3, events: [.transition(4)], changes: [.tuning(level: "suspect", .everyone, .phi(2))]))
            journal = try bytes(of: whole)
        }
        try write(journal, to: scratch)
        let (store, found) = try scratch.open(at: 5000)
        #expect(found.epoch == 5000 && found.events.isEmpty && found.warnings.count == 1)
        #expect(found.warnings.first?.contains("cannot be read") == true)
        #expect(found.tunings.map(\.policy) == [.phi(2)])
        try store.append([.transition(1)])
        let copy = try withExtendedLifetime(store) { try scratch.killed() }
        #expect(try copy.open().found.events == [.transition(1)])
    }

    @Test func `is among at most 10,000 rows, checkpointed 32 at a time`() throws {
        let scratch = Scratch()
        let store = try scratch.open(keeping: 100_000).store
        for sequence in 1...10_050 as ClosedRange<UInt64> {
            try store.append([.transition(sequence, of: "n\(sequence % 10)")])
        }
        #expect(store.pendingRows <= 10_000)
        let before = store.pendingRows
        try store.checkpoint()
        #expect(before - store.pendingRows == 32)
        #expect(try scratch.count("events") == 10_050 - store.pendingRows)
        // The journal still has the checkpointed rows, and recovery skips them.
        let copy = try withExtendedLifetime(store) { try scratch.killed() }
        #expect(try copy.open(keeping: 100_000).found.events.count == 10_050)
    }

    @Test func `does not exist after a clean close`() throws {
        let scratch = Scratch()
        let store = try scratch.open().store
        try store.append([.transition(1)])
        try store.close()
        #expect(try bytes(of: scratch).isEmpty)
        #expect(try scratch.count("events") == 1)
    }

    @Test func `is moved aside together with damaged tables`() throws {
        let (scratch, _) = try prepared()
        try scratch.corrupt { $0 = Array("Dear diary,".utf8) }
        try FileManager.default.removeItem(atPath: scratch.database + "-wal")
        let found = try scratch.open(at: 86_400_000).found
        #expect(found.epoch == 86_400_000 && found.tunings.isEmpty && found.events.isEmpty)
        #expect(scratch.damaged.contains("phi.sqlite.damaged-19700102T000000Z-events"))
    }

    @Test(arguments: [false, true]) func `blocks the start if the journal cannot be opened`(isPipe: Bool) throws {
        let scratch = Scratch()
        try scratch.open().store.close()
        try FileManager.default.removeItem(atPath: scratch.journal)
        if isPipe {
            #expect(mkfifo(scratch.journal, 0o600) == 0)
        } else {
            try FileManager.default.createDirectory(atPath: scratch.journal, withIntermediateDirectories: true)
        }
        let error = #expect(throws: StoreError.self) { try scratch.open() }
        guard case .unusable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
