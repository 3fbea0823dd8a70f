import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

@Suite struct `The bytes of a heartbeat` {
    private let heartbeat = Heartbeat(
        key: NodeKey(rawValue: 0x0a71_4c41_903a_7972), incarnation: 0x65a0_b1c2, sequence: 0x0102_0304,
        sent: 0x1122_3344_5566_7788, announcedInterval: .milliseconds(250))

    @Test func `match the golden frame in the compact form`() throws {
        #expect(GoldenFrames.compact.count == 32)
        #expect(HeartbeatFrame.encode(heartbeat) == GoldenFrames.compact)
        let compact = HeartbeatFrame.compact(heartbeat)
        #expect(compact.indices.map { compact[$0] } == GoldenFrames.compact)
        let read = try ReadHeartbeat(GoldenFrames.compact)
        #expect(read.heartbeat == heartbeat)
        #expect(read.announcement == nil)
    }
    @Test func `match the example in the documentation`() throws {
        let first = Heartbeat(
            key: NodeKey(of: try NodeIdentity(group: "edge", name: "edge-1")), incarnation: 1_700_000_000, sequence: 0,
            sent: 123_456_789, announcedInterval: .seconds(1))
        #expect(HeartbeatFrame.encode(first) == GoldenFrames.documented)
        #expect(try ReadHeartbeat(GoldenFrames.documented).heartbeat == first)
    }
    @Test func `match the golden frame in the long form`() throws {
        var leaving = heartbeat
        leaving.isLeaving = true
        let read = try ReadHeartbeat(GoldenFrames.long)
        #expect(read.heartbeat == leaving)
        #expect(read.announcement?.identity == (try NodeIdentity(group: "lab", name: "a")))
        #expect(read.announcement?.labels == ["zone": "b/ü"])
        // A decoded announcement keeps its original bytes. A new one is encoded without spaces.
        #expect(read.bytes == GoldenFrames.long)
        let announcement = try NodeAnnouncement(
            identity: NodeIdentity(group: "lab", name: "a"), labels: ["zone": "b/ü"])
        #expect(
            HeartbeatFrame.encode(leaving, announcing: announcement)
                == GoldenFrames.long.replacing(38, with: [15]).dropLast())
    }
    @Test func `without labels end with an empty object`() throws {
        let announcement = try NodeAnnouncement(identity: NodeIdentity(group: "lab", name: "a"))
        #expect(
            HeartbeatFrame.encode(heartbeat, announcing: announcement).dropFirst(32)
                == [3, 0x6c, 0x61, 0x62, 1, 0x61, 2, 0, 0x7b, 0x7d])
    }
    @Test func `may omit the labels`() throws {
        let bytes = GoldenFrames.long[..<38] + [0, 0]
        #expect(try ReadHeartbeat(Array(bytes)).announcement?.labels == [:])
    }
    @Test func `allow 64 bytes each for the group and the node name`() throws {
        let longest = String(repeating: "ü", count: 32)
        let announcement = try NodeAnnouncement(
            identity: NodeIdentity(group: longest, name: longest), labels: ["a": "b"])
        let bytes = HeartbeatFrame.encode(
            Heartbeat(key: NodeKey(of: announcement.identity), sequence: 0), announcing: announcement)
        #expect(bytes.count == 32 + 65 + 65 + 2 + 9)
        #expect(try ReadHeartbeat(bytes).announcement == announcement)
    }
    @Test func `carry a key derived from the name`() throws {
        // Reference values: SHA-256 from Python's `hashlib`.
        #expect(NodeKey(of: try NodeIdentity(group: "lab", name: "a")).rawValue == 0x0a71_4c41_903a_7972)
        #expect(NodeKey(of: try NodeIdentity(group: "edge", name: "edge-1")).rawValue == 0x2b24_70f4_e7c6_7879)
        #expect(NodeKey(rawValue: 0x0a71).description == "0000000000000a71")
    }
    @Test func `have 0 for an unknown send time`() throws {
        var silent = heartbeat
        silent.sent = nil
        #expect(HeartbeatFrame.encode(silent) == GoldenFrames.compact.replacing(24, with: [0, 0, 0, 0, 0, 0, 0, 0]))
        #expect(try ReadHeartbeat(HeartbeatFrame.encode(silent)).heartbeat == silent)
    }

    @Test(arguments: 0..<200 as Range<UInt64>) func `survive a round trip`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let labels = Dictionary(
            (0..<Int.random(in: 0...5, using: &random)).map { _ in (text(8, &random), text(20, &random)) },
            uniquingKeysWith: { $1 })
        let identity = try NodeIdentity(group: name(&random), name: name(&random))
        let announcement = try NodeAnnouncement(identity: identity, labels: labels)
        let written = Heartbeat(
            key: NodeKey(of: identity), incarnation: .random(in: 0 ... .max, using: &random),
            sequence: .random(in: 0 ... .max, using: &random), sent: .random(in: .min ... .max, using: &random),
            // A float32 represents these intervals exactly.
            announcedInterval: .milliseconds(125) * .random(in: 0..<1_000_000, using: &random),
            isLeaving: random.chance(0.5))
        for announced in [nil, announcement] {
            let read = try ReadHeartbeat(HeartbeatFrame.encode(written, announcing: announced))
            #expect(read.heartbeat == written)
            #expect(read.announcement == announced)
            #expect(read.announcement?.labels == announced.map { _ in labels })
        }
    }
    /// Random text of ASCII characters, some of which JSON escapes, and of characters of two to four bytes.
    private func text(_ most: Int, _ random: inout SplitMix64) -> String {
        let signs = Array("abcxyz019 \"\\/{}[]:,.\n\t\u{0}\u{7f}äß€𝄞")
        return String(
            (0..<Int.random(in: 0...most, using: &random)).map { _ in
                signs[Int.random(in: signs.indices, using: &random)]
            })
    }
    private func name(_ random: inout SplitMix64) -> String {
        let signs = Array("abcxyz019 \"\\{}[]:,.-_äß€𝄞")
        let name = (0..<Int.random(in: 2...16, using: &random)).map { _ in
            signs[Int.random(in: signs.indices, using: &random)]
        }
        return String(name)
    }

    @Test(
        arguments: [1, 999, .microseconds(1), .milliseconds(1), .milliseconds(100), .seconds(1), .days(365)] as [Int64])
    func `announce an interval with seven significant digits`(interval: Int64) throws {
        let read = try ReadHeartbeat(
            HeartbeatFrame.encode(Heartbeat(key: .named("a"), sequence: 0, announcedInterval: interval)))
        #expect(abs(Double(read.heartbeat.announcedInterval - interval)) <= Double(interval) * 6e-8 + 0.5)
    }
    @Test func `announce any interval that a float32 can represent`() throws {
        func interval(_ seconds: Float) throws -> Int64 {
            let bits = withUnsafeBytes(of: seconds.bitPattern.littleEndian) { Array($0) }
            return try ReadHeartbeat(GoldenFrames.compact.replacing(12, with: bits)).heartbeat.announcedInterval
        }
        #expect(try interval(0) == 0)
        #expect(try interval(-0.0) == 0)
        #expect(try interval(.leastNonzeroMagnitude) == 0)
        #expect(try interval(1e-9) == 1)
        #expect(try interval(.greatestFiniteMagnitude) > .days(106_751))
        #expect(Heartbeat(key: .named("a"), sequence: 0, announcedInterval: -5).announcedInterval == 0)
    }
}

@Suite struct `Labels` {
    @Test func `may fill the largest frame, but not exceed it`() throws {
        let identity = try NodeIdentity(group: "lab", name: "a")
        // The header has 32 bytes. `lab` and `a` with their lengths, the length of the labels, and `{"x":""}` follow.
        let room = 1024 - 32 - 6 - 2 - 8
        let announcement = try NodeAnnouncement(identity: identity, labels: ["x": String(repeating: "y", count: room)])
        let bytes = HeartbeatFrame.encode(Heartbeat(key: NodeKey(of: identity), sequence: 0), announcing: announcement)
        #expect(bytes.count == HeartbeatFrame.maximumSize)
        #expect(try ReadHeartbeat(bytes).announcement == announcement)
        let error = #expect(throws: LabelsTooLong.self) {
            try NodeAnnouncement(identity: identity, labels: ["x": String(repeating: "y", count: room + 1)])
        }
        #expect(
            error?.description
                == "labels are too long: the heartbeat has 1025 bytes, and the maximum is 1024; use fewer or shorter labels"
        )
    }
    @Test func `are sorted by key, so equal labels give equal bytes`() throws {
        let identity = try NodeIdentity(group: "lab", name: "a")
        let labels = ["zone": "b", "host": "h", "a/b": "\"", "ü": ""]
        let bytes = HeartbeatFrame.encode(
            Heartbeat(key: NodeKey(of: identity), sequence: 0),
            announcing: try NodeAnnouncement(identity: identity, labels: labels))
        #expect(String(decoding: bytes.dropFirst(40), as: UTF8.self) == #"{"a/b":"\"","host":"h","zone":"b","ü":""}"#)
    }
}
