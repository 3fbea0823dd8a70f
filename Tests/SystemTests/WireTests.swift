import Foundation
import HeartbeatProtocol
import PhiAccrual
import Testing

extension SystemTests {
    @Suite(.enabled(if: TestBed.hasPython, TestBed.withoutPython)) struct `The wire as Python sees it` {
        @Test func `has the documented bytes for the first heartbeat of edge-1`() async throws {
            let identity = try NodeIdentity(group: "edge", name: "edge-1")
            let heartbeat = Heartbeat(
                key: NodeKey(of: identity), incarnation: 1_700_000_000, sequence: 0, sent: 123_456_789,
                announcedInterval: 1_000_000_000)
            // The example of docs/protocol.md, in the long form.
            let golden = """
                5048 2b2470f4e7c67879 01 02 0000803f 00f15365 00000000 15cd5b0700000000 \
                04 65646765 06 656467652d31 0200 7b7d
                """.replacing(" ", with: "")
            #expect(
                HeartbeatFrame.encode(heartbeat, announcing: try NodeAnnouncement(identity: identity)).hex == golden)
            try await TestBed.run { bed in
                let node = try bed.python(.own("one_heartbeat"), "edge", "edge-1", "1", "1700000000", "0", "123456789")
                #expect(try await node.exit() == 0)
                #expect(node.output == [golden])
            }
        }

        @Test func `carries the example's heartbeats and goodbye in the library's encoding`() async throws {
            try await TestBed.run { bed in
                let sniffer = try bed.python(.own("frames"), "bind", "tcp://127.0.0.1:*", "PH")
                let endpoint = try await sniffer.note("ready …") { $0.hasPrefix("ready ") }.dropFirst(6)
                let start = UInt32(Date().timeIntervalSince1970)
                let node = try bed.pythonNode("nœud-1", to: String(endpoint), every: 0.25)
                try await sniffer.lines(4)
                node.terminate()
                #expect(try await node.exit() == 0)
                let goodbye = try await sniffer.line("the goodbye") { try read($0).heartbeat.isLeaving }
                #expect(goodbye == sniffer.output.last)

                let identity = try NodeIdentity(group: "lab", name: "nœud-1")
                let heard = try sniffer.output.map { line in
                    let (heartbeat, announcement, bytes) = try read(line)
                    #expect(announcement.identity == identity && announcement.labels == [:])
                    let written = HeartbeatFrame.encode(
                        heartbeat, announcing: try NodeAnnouncement(identity: identity))
                    #expect(written.hex == bytes.hex)
                    return heartbeat
                }
                let sequences = heard.map(\.sequence)
                #expect(sequences == Array(Set(sequences)).sorted())
                for heartbeat in heard {
                    #expect(heartbeat.key == NodeKey(of: identity))
                    #expect(heartbeat.announcedInterval == 250_000_000)
                    #expect(heartbeat.incarnation == heard[0].incarnation && heartbeat.incarnation >= start)
                    #expect(heartbeat.isLeaving == (heartbeat.sequence == sequences.last))
                }
                // Sequence numbers are slots of the schedule. After a late heartbeat, the next one has the number of
                // the current slot.
                for (heartbeat, next) in zip(heard, heard.dropFirst()) {
                    let passed = (heartbeat.sent ?? 0) - (heard[0].sent ?? 0)
                    let slots = Int64(next.sequence) - Int64(heard[0].sequence)
                    #expect(slots * 250_000_000 > passed - 250_000_000, "\(next)")
                }
            }
        }

        @Test func `carries events in three frames, and the last one suffices`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector("--level", "suspect=phi=8", "--level", "evict=phi=12")
                let sniffer = try bed.python(.own("frames"), "connect", detector.events, "e1/", "b1/")
                try await sniffer.line("a beacon")
                let node = try bed.beat("n-1", to: detector)
                try await sniffer.line("trust") {
                    try event($0).map { $0.level == "evict" && $0.to == .trusted } ?? false
                }
                node.terminate()
                try await sniffer.line("the goodbye") {
                    try event($0).map { $0.level == "evict" && $0.to == .left } ?? false
                }

                var sequence: UInt64 = 0
                for line in sniffer.output {
                    let frames = try frames(line)
                    try #require(frames.count == 3)
                    let header = try #require(FeedHeader(decoding: frames[1]))
                    #expect(frames[1].count == 16 && header.encoded == frames[1])
                    if frames[0] == Array("b1/".utf8) {
                        let beacon = try WireJSON.decode(Beacon.self, from: frames[2])
                        #expect(FeedHeader(epoch: beacon.epoch, sequence: beacon.sequence) == header)
                        #expect(beacon.sequence == sequence && beacon.kind == "beacon")
                        #expect(try WireJSON.encode(beacon) == frames[2])
                    } else {
                        let event = try WireJSON.decode(EventMessage.self, from: frames[2])
                        let transition = try #require(event.transition)
                        sequence += 1
                        #expect(event.place.sequence == sequence)
                        #expect(FeedHeader(epoch: event.place.epoch, sequence: event.place.sequence) == header)
                        #expect(frames[0] == Array("e1/\(transition.level)/lab/n-1/".utf8))
                        #expect(try WireJSON.encode(event) == frames[2])
                    }
                }
                let changes = try sniffer.output.compactMap { try event($0) }.map { "\($0.level) \($0.to)" }
                #expect(
                    changes.filter { !$0.hasSuffix("new") } == [
                        "suspect learning", "evict learning", "suspect trusted", "evict trusted", "suspect left",
                        "evict left",
                    ])
            }
        }

        @Test func `serves both subscribers correctly when the feed loses, repeats, and forgets events and restarts`()
            async throws
        {
            try await TestBed.run { bed in
                let feed = try bed.python(.own("lossy_feed"), "2")
                let ready = try await feed.note("ready …") { $0.hasPrefix("ready ") }.split(separator: " ").map(
                    String.init)
                let watch = try bed.phi("watch", "--json", "--from", ready[1], "--control", ready[2], "--for", "5m")
                let subscriber = try bed.python(.example("subscriber"), ready[1], ready[2])
                let wanted = try await feed.line("what must have been delivered").split(separator: " ")
                let readers = [watch, subscriber]
                for reader in readers { try await reader.line("the old log's end") { place(of: $0) == "7:13" } }
                feed.signal(SIGUSR1)
                for reader in readers {
                    try await reader.line("the last event") { place(of: $0) == wanted.last }
                    #expect(reader.output.map(place(of:)) == wanted.map(Optional.some), "\(reader)")
                }
            }
        }
    }
}

/// Parses the frames of a message from a line of `frames.py`.
private func frames(_ line: String) throws -> [[UInt8]] {
    try JSONDecoder().decode([String].self, from: Data(line.utf8)).map { text in
        let digits = Array(text)
        return try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(digits[$0...$0 + 1]), radix: 16))
        }
    }
}

private func event(_ line: String) throws -> TransitionMessage? {
    let frames = try frames(line)
    return frames[0].starts(with: Array("e1/".utf8))
        ? try WireJSON.decode(EventMessage.self, from: try #require(frames.last)).transition : nil
}

private func read(_ line: String) throws -> (heartbeat: Heartbeat, announcement: NodeAnnouncement, bytes: [UInt8]) {
    let frames = try frames(line)
    try #require(frames.count == 1)
    return try frames[0].withUnsafeBytes { bytes in
        let (heartbeat, announces) = try HeartbeatFrame.decode(bytes)
        try #require(announces)
        let tail = UnsafeRawBufferPointer(rebasing: bytes[HeartbeatFrame.compactSize...])
        return (heartbeat, try NodeAnnouncement(decoding: tail, key: heartbeat.key), frames[0])
    }
}

/// Position of an event of the simulated feed: `7:3` is sequence number 3 of epoch 7.
private func place(of line: String) -> Substring? {
    struct Place: Decodable { var epoch, sequence: UInt64 }
    return (try? JSONDecoder().decode(Place.self, from: Data(line.utf8))).map { "\($0.epoch):\($0.sequence)" }
}

extension [UInt8] {
    var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
