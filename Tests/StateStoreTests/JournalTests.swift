import Foundation
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
    /// The bytes of all records, and where each begins.
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

    @Test func `gives back what was written, until it is emptied`() throws {
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

    @Test func `cut short anywhere has the records before`() throws {
        let (bytes, starts) = try written()
        for end in 0..<bytes.count {
            let (records, damage) = try journal(in: Scratch(), bytes: Array(bytes[..<end])).records()
            let whole = (starts.dropFirst() + [bytes.count]).count { $0 <= end }
            #expect(records == Array(Self.records[..<whole]) && damage == nil, "\(end)")
        }
    }

    @Test func `of which a bit flipped anywhere says so, and has the records before`() throws {
        let (bytes, starts) = try written()
        for index in bytes.indices {
            var wrong = bytes
            wrong[index] ^= 1 << UInt8(index % 8)
            let (records, damage) = try journal(in: Scratch(), bytes: wrong).records()
            let before = starts.count { $0 <= index } - 1
            #expect(records == Array(Self.records[..<before]) && damage != nil, "\(index)")
        }
    }

    @Test func `is not read where it can be none`() throws {
        #expect(try journal(in: Scratch(), bytes: [UInt8](repeating: 0, count: 4096)).records().damage != nil)
        let scratch = Scratch()
        let journal = try journal(in: scratch, bytes: [1])
        #expect(truncate(scratch.journal, off_t(EventJournal.maxFileSize) + 1) == 0)
        let (records, damage) = try EventJournal(scratch.journal, in: scratch.path).records()
        #expect(records.isEmpty && damage?.reason.contains("too large") == true)
        withExtendedLifetime(journal) {}
    }

    @Test func `takes nothing that is too large, and says so`() throws {
        let scratch = Scratch()
        let journal = try journal(in: scratch)
        var event = LoggedEvent.notice(1)
        event.json = [UInt8](repeating: 1, count: 17 << 20)
        let error = #expect(throws: StoreError.self) {
            try journal.append(JournalRecord(number: 1, events: [event], changes: []))
        }
        #expect(error?.description.contains("too many") == true && journal.size == 0)
    }
}

@Suite struct `What stands in the journal only` {
    private let key = StoredNode.numbered(1).key

    /// A service's files after it took down three records, the last of which is not in the tables.
    private func prepared() throws -> (scratch: Scratch, whole: [UInt8]) {
        let scratch = Scratch()
        let memory = try scratch.open(at: 1000).memory
        try memory.store([.numbered(1)])
        try memory.append([.transition(1), .transition(2)], [.tuning(level: "suspect", .everyone, .phi(1))])
        let first = try bytes(of: scratch)
        try memory.checkpointAll()
        #expect(try bytes(of: scratch).isEmpty)
        try memory.append([.transition(3)], [.tuning(level: "suspect", .everyone, .phi(2))])
        try memory.append([.transition(4)], [.forgetting(key)])
        let copy = try withExtendedLifetime(memory) { try scratch.killed() }
        return (copy, first + (try bytes(of: copy)))
    }
    private func bytes(of scratch: Scratch) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: scratch.journal)))
    }
    private func write(_ bytes: [UInt8], to scratch: Scratch) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: scratch.journal))
    }
    private func expectAll(in scratch: Scratch, at time: UInt64 = 5000) throws {
        let (memory, found) = try scratch.open(at: time)
        #expect(found.epoch == 1000 && found.warnings.isEmpty)
        #expect(found.events == (1...4).map { .transition($0) } && found.state == [.transition(4)])
        #expect(found.tunings.map(\.policy) == [.phi(2)])
        #expect(try memory.learnedNodes.isEmpty)
        #expect(memory.pendingRows == 0 && memory.lastSequence == 4)
        #expect(try bytes(of: scratch).isEmpty)
    }

    @Test func `is there after the end, and goes on from there`() throws {
        let scratch = try prepared().scratch
        try expectAll(in: scratch)
        try {
            let memory = try scratch.open().memory
            try memory.append([.transition(5)])
        }()
        let (memory, found) = try scratch.open()
        #expect(found.lastSequence == 5 && memory.lastSequence == 5)
    }

    @Test func `is not taken twice, wherever the end came between the tables and the journal`() throws {
        let (scratch, whole) = try prepared()
        let last = try bytes(of: scratch)
        // Tables that have the first record, and a journal that has it still.
        try write(whole, to: scratch)
        try expectAll(in: scratch)
        // Tables that have all, and a journal that has all still; or an earlier one, brought back by the machine's end.
        for old in [last, whole, Array(whole.dropLast(last.count))] {
            try write(old, to: scratch)
            try expectAll(in: scratch)
        }
        // What was tuned since is not undone by it.
        try {
            let memory = try scratch.open().memory
            try memory.tune("suspect", for: .everyone, to: .phi(9))
            try memory.checkpointAll()
            try memory.store([.numbered(1)])
        }()
        try write(whole, to: scratch)
        let (memory, found) = try scratch.open()
        #expect(found.tunings.map(\.policy) == [.phi(9)] && found.epoch == 1000)
        #expect(try memory.learnedNodes == [.numbered(1)])
    }

    @Test func `does not take back what was learned afterwards`() throws {
        let scratch = Scratch()
        let memory = try scratch.open().memory
        try memory.forget(key)
        try memory.store([.numbered(1)])
        let copy = try withExtendedLifetime(memory) { try scratch.killed() }
        #expect(try copy.open().memory.learnedNodes == [.numbered(1)])
    }

    @Test func `counts as far as it was written whole`() throws {
        let (scratch, _) = try prepared()
        try write(Array(try bytes(of: scratch).dropLast()), to: scratch)
        let found = try scratch.open(at: 5000).found
        #expect(found.epoch == 1000 && found.lastSequence == 3 && found.tunings.map(\.policy) == [.phi(2)])
        #expect(found.warnings.isEmpty)
    }

    @Test(arguments: ["damage", "gap", "gap in events", "garbage"])
    func `and cannot be read begins a new log, and keeps what was said`(kind: String) throws {
        let (scratch, _) = try prepared()
        var journal = try bytes(of: scratch)
        switch kind {
        case "damage": journal[journal.count - 1] ^= 1
        case "gap": journal.removeFirst(journal.count / 2)
        case "gap in events": try scratch.meddle("DELETE FROM events WHERE sequence = 2")
        default: journal += Array(repeating: 0, count: 100)
        }
        if kind == "gap" {
            // The last record alone.
            let whole = Scratch()
            try FileManager.default.createDirectory(atPath: whole.path, withIntermediateDirectories: true)
            let last = try EventJournal(whole.journal, in: whole.path)
            try last.append(
                JournalRecord(
                    number: 3, events: [.transition(4)], changes: [.tuning(level: "suspect", .everyone, .phi(2))]))
            journal = try bytes(of: whole)
        }
        try write(journal, to: scratch)
        let (memory, found) = try scratch.open(at: 5000)
        #expect(found.epoch == 5000 && found.events.isEmpty && found.warnings.count == 1)
        #expect(found.warnings.first?.contains("cannot be read") == true)
        #expect(found.tunings.map(\.policy) == [.phi(2)])
        try memory.append([.transition(1)])
        let copy = try withExtendedLifetime(memory) { try scratch.killed() }
        #expect(try copy.open().found.events == [.transition(1)])
    }

    @Test func `is no more than a start can read, and settled in pieces`() throws {
        let scratch = Scratch()
        let memory = try scratch.open(keeping: 100_000).memory
        for sequence in 1...10_050 as ClosedRange<UInt64> {
            try memory.append([.transition(sequence, of: "n\(sequence % 10)")])
        }
        #expect(memory.pendingRows <= 10_000)
        let before = memory.pendingRows
        try memory.checkpoint()
        #expect(before - memory.pendingRows == 32)
        #expect(try scratch.count("events") == 10_050 - memory.pendingRows)
        // Pieces that the tables have are skipped, in the journal as it is.
        let copy = try withExtendedLifetime(memory) { try scratch.killed() }
        #expect(try copy.open(keeping: 100_000).found.events.count == 10_050)
    }

    @Test func `is empty after an end in order`() throws {
        let scratch = Scratch()
        let memory = try scratch.open().memory
        try memory.append([.transition(1)])
        try memory.close()
        #expect(try bytes(of: scratch).isEmpty)
        #expect(try scratch.count("events") == 1)
    }

    @Test func `is moved aside with tables that are damaged`() throws {
        let (scratch, _) = try prepared()
        try scratch.corrupt { $0 = Array("Dear diary,".utf8) }
        try FileManager.default.removeItem(atPath: scratch.database + "-wal")
        let found = try scratch.open(at: 86_400_000).found
        #expect(found.epoch == 86_400_000 && found.tunings.isEmpty && found.events.isEmpty)
        #expect(scratch.damaged.contains("phi.sqlite.damaged-19700102T000000Z-events"))
    }

    @Test(arguments: [false, true]) func `and cannot be opened is no memory`(isPipe: Bool) throws {
        let scratch = Scratch()
        try scratch.open().memory.close()
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
