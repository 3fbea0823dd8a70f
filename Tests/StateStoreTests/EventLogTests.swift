import HeartbeatProtocol
import PhiAccrual
import StateStore
import Testing

@Suite struct `Events in the state store` {
    @Test func `are restored in order, with the last event of each topic`() throws {
        let scratch = Scratch()
        var (store, found): (StateStore?, StoreContents) = try scratch.open(at: 4711)
        #expect(found.epoch == 4711 && found.lastSequence == 0 && found.warnings.isEmpty)
        let events: [StoredEvent] = [
            .transition(1, to: .learning), .transition(2, of: "n2", to: .learning), .transition(3, to: .trusted),
            .transition(4, to: .trusted, at: "evict"), .notice(5), .notice(6, of: "n1"), .notice(7),
        ]
        try store?.append(Array(events[..<3]))
        try store?.append(Array(events[3...]))
        #expect(store?.lastSequence == 7)
        try store?.close()
        store = nil
        (store, found) = try scratch.open(at: 9999)
        #expect(found.epoch == 4711)
        #expect(found.events == events)
        #expect(found.state == [2, 3, 4, 6, 7].map { events[$0 - 1] })
        #expect(found.warnings.isEmpty)
    }

    @Test func `survive a killed process, and their numbers continue`() throws {
        let scratch = Scratch()
        let (store, first) = try scratch.open()
        for sequence in 1...20 as ClosedRange<UInt64> {
            try store.append([.transition(sequence, of: "n\(sequence % 3)")])
        }
        let copy = try withExtendedLifetime(store) { try scratch.killed() }
        let (again, found) = try copy.open(at: 5000)
        #expect(found.epoch == first.epoch && found.lastSequence == 20 && found.warnings.isEmpty)
        #expect(found.state.map(\.sequence) == [18, 19, 20])
        try again.append([.transition(21)])
        #expect(again.lastSequence == 21)
    }

    @Test func `of a forgotten node leave that level's state, and so do its notices`() throws {
        let scratch = Scratch()
        var store: StateStore? = try scratch.open().store
        try store?.append([
            .transition(1), .transition(2, at: "evict"), .notice(3, of: "n1"), .notice(4, of: "n2"),
            .transition(5, of: "n2"),
            .notice(6), .transition(7, to: .forgotten),
        ])
        store = nil
        let found = try scratch.open().found
        #expect(found.state.map(\.sequence) == [2, 4, 5, 6])
        #expect(found.events.count == 7)
    }

    @Test func `are rows with these values`() throws {
        let scratch = Scratch()
        let store = try scratch.open().store
        try store.append([.transition(1, of: "ünï’"), .notice(2), .notice(3, of: "n1")])
        try store.checkpointAll()
        for table in ["events", "state"] {
            // The last number is the checksum of all others, and of the JSON.
            #expect(
                try scratch.rows(of: table) == [
                    #"1 "suspect" "g" "ünï’" 7 "suspected" 1000000001 Data(14 bytes) 3297531214"#,
                    #"2 "-" "-" "-" 0 "-" 5 Data(2 bytes) 1613310560"#,
                    #"3 "-" "g" "n1" 0 "-" 5 Data(2 bytes) 2737403268"#,
                ])
        }
    }

    @Test func `keep their exact bytes`() throws {
        let scratch = Scratch()
        var event = StoredEvent.transition(1)
        event.json = [0, 255, 0, 39, 34] + [UInt8](repeating: 7, count: 20_000)
        var empty = StoredEvent.transition(2, of: "ünï’")
        empty.json = []
        empty.at = .min
        empty.incarnation = .max
        var store: StateStore? = try scratch.open().store
        try store?.append([event, empty])
        store = nil
        #expect(try scratch.open().found.events == [event, empty])
    }

    @Test func `are checkpointed all or none`() throws {
        let scratch = Scratch()
        let store = try scratch.open().store
        try store.append([.transition(1)])
        try scratch.execute(
            "CREATE TRIGGER refusal BEFORE INSERT ON events WHEN new.sequence = 3 BEGIN SELECT RAISE(FAIL, 'no'); END")
        try store.append([.transition(2), .transition(3)])
        #expect(throws: StoreError.self) { try store.checkpoint() }
        #expect(try scratch.count("events") == 0)
    }
}

@Suite struct `The number of kept events` {
    @Test func `is bounded, but the state keeps the last event of each topic`() throws {
        let scratch = Scratch()
        var store: StateStore? = try scratch.open(keeping: 100).store
        try store?.append((1...50).map { .transition($0, of: "n\($0)") })
        for sequence in 51...1000 as ClosedRange<UInt64> {
            try store?.append([.transition(sequence, of: "busy")])
            try store?.checkpoint()
            if sequence.isMultiple(of: 50) { #expect(try scratch.count("events") < 164) }
        }
        store = nil
        let found = try scratch.open(keeping: 100).found
        #expect(found.events.map(\.sequence) == Array(901...1000))
        #expect(found.state.map(\.sequence) == Array(1...50) + [1000])
    }

    @Test func `shrinks gradually to a smaller capacity`() throws {
        let scratch = Scratch()
        var store: StateStore? = try scratch.open(keeping: 1000).store
        try store?.append((1...1000).map { .transition($0) })
        store = nil
        let (again, found) = try scratch.open(keeping: 10)
        #expect(found.events.map(\.sequence) == Array(991...1000))
        var counts: [Int] = []
        for sequence in 1001...1030 as ClosedRange<UInt64> {
            try again.append([.transition(sequence)])
            try again.checkpoint()
            counts.append(try scratch.count("events"))
        }
        #expect(zip([1000] + counts, counts).allSatisfy { $0 - $1 <= 64 })
        #expect(try #require(counts.last) < 10 + 64)
        #expect(again.eventCount < 10 + 64)
    }

    @Test func `bounds the file sizes too`() throws {
        let scratch = Scratch()
        let store = try scratch.open(keeping: 200).store
        var sequence: UInt64 = 0
        func append(_ count: Int) throws {
            for _ in 0..<count {
                let json = String(repeating: "x", count: 3000)
                try store.append(
                    (1...4).map { .transition(sequence + $0, of: "n\((sequence + $0) % 50)", json: json) })
                sequence += 4
            }
        }
        // Commits never pause, yet SQLite reuses the write-ahead log from its start.
        var sizes: [Int] = []
        while sizes.count < 20, sizes.suffix(4).first != sizes.last || sizes.count < 4 {
            try append(1000)
            sizes.append(try scratch.size("-wal"))
        }
        #expect(sizes.count < 20, "\(sizes)")
        try store.close()
        #expect(try scratch.size() < 6 << 20)  // 264 events and 50 in the state, 3 kB each, plus free pages
    }
}
