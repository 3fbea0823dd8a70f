import HeartbeatProtocol
import TestSupport
import Testing

@testable import PhiAccrual

/// JSON keys and texts are an interface: changing them changes behaviour.
@Suite struct `An event as JSON` {
    static let place = EventPosition(
        epoch: 1_767_225_600_000, sequence: 42, previous: 7, at: Timestamp(unixNanoseconds: .seconds(1_767_225_660) + 5)
    )

    private func suspicion() throws -> EventMessage {
        let transition = Transition(
            node: try NodeIdentity(group: "edge", name: "edge-1"), incarnation: 1_767_000_000, level: 0,
            effectivePolicy: .init(policy: .phi(8)), from: .trusted,
            to: .suspected, at: Instant(nanoseconds: 5),
            evidence: Evidence(
                phi: 8.25, silence: 1_561_000_000, expected: .seconds(1), timeout: 1_561_000_000, missing: 3,
                senderLate: -2_500_000, ownLate: 125_000, samples: 1000))
        return .transition(TransitionMessage(transition, level: "suspect", at: Self.place))
    }
    private func firstTransition() throws -> EventMessage {
        let transition = Transition(
            node: try NodeIdentity(group: "edge", name: "edge-1"), incarnation: 0, level: 0,
            effectivePolicy: .init(policy: .phi(0.5)), from: .new, to: .learning, at: Instant(nanoseconds: 5),
            evidence: Evidence(
                phi: nil, silence: 0, expected: nil, timeout: nil, missing: 0, senderLate: nil, ownLate: 0, samples: 0))
        return .transition(TransitionMessage(transition, level: "suspect", at: Self.place))
    }
    private func notice(_ code: Notice.Code, named: Bool) throws -> EventMessage {
        let notice = Notice(
            code: code, key: NodeKey(rawValue: 0xabc),
            node: named ? try NodeIdentity(group: "edge", name: "edge-1") : nil,
            incarnation: 9, at: Instant(nanoseconds: 5))
        return .notice(NoticeMessage(notice, levels: [], at: Self.place))
    }
    private func json(_ event: EventMessage) throws -> String {
        String(decoding: try WireJSON.encode(event), as: UTF8.self)
    }

    @Test func `has this form for a suspicion`() throws {
        #expect(
            try json(suspicion()) == """
                {"at":"2026-01-01T00:01:00.000000005Z","disconnected_seconds":null,"epoch":1767225600000,"expected_seconds":1,\
                "explanation":"No heartbeat for 1.56 s, expected after 1 s. Missing so far: 3 heartbeats. \
                Timeout 1.56 s exceeded: phi=8 (default), estimated from 1000 gaps.",\
                "from":"trusted","group":"edge","incarnation":1767000000,"kind":"transition","level":"suspect",\
                "missing":3,"node":"edge-1","own_late_seconds":0.000125,"phi":8.25,"prev":7,"samples":1000,\
                "sender_late_seconds":-0.0025,"sequence":42,"silence_seconds":1.561,\
                "threshold":{"origin":"default","phi":8,"policy":"phi=8","seconds":1.561},"to":"suspected"}
                """)
    }
    @Test func `is stored with its topic, its bytes, and what a restart needs of them`() throws {
        for message in [try suspicion(), try firstTransition(), try notice(.takeover, named: true)] {
            let event = StoredEvent(message)
            #expect(event.sequence == 42 && event.topic == message.topic && event.json == message.json)
            #expect(event.at == Self.place.at.unixNanoseconds)
            #expect(try EventMessage(event) == message)
        }
        let (suspicion, notice) = (StoredEvent(try suspicion()), StoredEvent(try notice(.takeover, named: true)))
        #expect(suspicion.verdict == .suspected && suspicion.incarnation == 1_767_000_000)
        #expect(notice.verdict == nil && notice.incarnation == 0)
    }
    @Test func `names the origin of its policy`() throws {
        let level = Level.suspect(.phi(5)).set(by: .option)
        #expect(level != .suspect(.phi(5)) && level.policy == .phi(5))
        let transition = Transition(
            node: try NodeIdentity(group: "edge", name: "edge-1"), incarnation: 0, level: 0,
            effectivePolicy: .init(policy: level.policy, origin: level.origin), from: .trusted,
            to: .suspected, at: Instant(nanoseconds: 5),
            evidence: Evidence(
                phi: 5, silence: .seconds(2), expected: .seconds(1), timeout: .seconds(2), missing: 0, senderLate: nil,
                ownLate: 0, samples: 9))
        let message = TransitionMessage(transition, level: level.name, at: Self.place)
        #expect(message.threshold.origin == "option")
        #expect(message.explanation.contains("Timeout 2 s exceeded: phi=5 (option)"))
    }
    @Test func `has null for unknown values`() throws {
        #expect(
            try json(firstTransition()) == """
                {"at":"2026-01-01T00:01:00.000000005Z","disconnected_seconds":null,"epoch":1767225600000,"expected_seconds":null,\
                "explanation":"First heartbeat received.",\
                "from":"new","group":"edge","incarnation":0,"kind":"transition","level":"suspect",\
                "missing":0,"node":"edge-1","own_late_seconds":0,"phi":null,"prev":7,"samples":0,\
                "sender_late_seconds":null,"sequence":42,"silence_seconds":0,\
                "threshold":{"origin":"default","phi":0.5,"policy":"phi=0.5","seconds":null},"to":"learning"}
                """)
    }
    @Test func `has this form for a notice`() throws {
        #expect(
            try json(notice(.unnamed, named: false)) == """
                {"at":"2026-01-01T00:01:00.000000005Z","code":"unnamed","epoch":1767225600000,\
                "explanation":"Heartbeats with key 0000000000000abc arrive, but the node has not announced its name yet. \
                The node is watched; its events are published once its name is known.",\
                "group":null,"key":"0000000000000abc","kind":"notice","node":null,\
                "numbers":{"incarnation":9},"prev":7,"sequence":42}
                """)
    }
    @Test func `survives a round trip`() throws {
        let events =
            [try suspicion(), try firstTransition()]
            + (try Notice.Code.allCases.flatMap { [try notice($0, named: true), try notice($0, named: false)] })
        for event in events {
            let bytes = try WireJSON.encode(event)
            #expect(event.json == bytes)
            let read = try WireJSON.decode(EventMessage.self, from: bytes)
            #expect(read == event)
            #expect(read.place == Self.place)
            #expect(try WireJSON.encode(read) == bytes)
        }
    }
    @Test(arguments: 0..<100 as Range<UInt64>) func `preserves its numbers exactly`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func nanoseconds() -> Int64 { random.anyMagnitude() }
        let transition = Transition(
            node: try NodeIdentity(group: "e", name: "\"\\\u{200b}🫀"), incarnation: .max, level: 0,
            effectivePolicy: .init(policy: .phi(8)), from: .suspected,
            to: .left,
            at: Instant(nanoseconds: 0),
            evidence: Evidence(
                phi: Double(nanoseconds()) / 3, silence: nanoseconds(), expected: nanoseconds(),
                timeout: -nanoseconds(),
                missing: nanoseconds(), senderLate: -nanoseconds(), ownLate: nanoseconds(), samples: 7))
        let place = EventPosition(
            epoch: .random(in: 0..<1 << 53, using: &random), sequence: .random(in: 0..<1 << 53, using: &random),
            previous: 0, at: Timestamp(unixNanoseconds: Int64(bitPattern: random.next())))
        let event = EventMessage.transition(TransitionMessage(transition, level: "suspect", at: place))
        #expect(try WireJSON.decode(EventMessage.self, from: WireJSON.encode(event)) == event)
        #expect(try event.json == WireJSON.encode(event))
        let hold = HoldChange(
            phase: .released, group: String((0..<9).map { _ in Self.odd.randomElement(using: &random) ?? "a" }),
            at: Instant(nanoseconds: nanoseconds()), began: Instant(nanoseconds: nanoseconds()),
            silentSince: Instant(nanoseconds: -nanoseconds()), overdue: 3, heard: 2, nodes: 5)
        let notice = EventMessage.notice(NoticeMessage(hold, at: place))
        #expect(try notice.json == WireJSON.encode(notice))
    }
    private static let odd: [Character] = [
        "a", "\"", "\\", "/", "\u{0}", "\u{8}", "\u{c}", "\n", "\r", "\t", "\u{1f}", "\u{7f}", "é", "🫀",
    ]
    @Test func `may have unknown keys`() throws {
        let text = try json(suspicion()).replacing("{\"at\"", with: #"{"a_new_key":{"x":[1,2]},"at""#)
        #expect(try WireJSON.decode(EventMessage.self, from: text.utf8) == (try suspicion()))
    }
    @Test(arguments: [
        ("\"kind\":\"transition\"", "\"kind\":\"surprise\""), ("\"kind\":\"transition\",", ""),
        ("\"to\":\"suspected\"", "\"to\":\"dead\""),
        ("\"sequence\":42", "\"sequence\":-1"), ("\"sequence\":42", "\"sequence\":1.5"),
        ("\"epoch\":1767225600000", "\"epoch\":\"x\""),
        ("\"at\":\"2026", "\"at\":\"20x6"), ("\"missing\":3", "\"missing\":null"), ("\"missing\":3,", ""),
        ("\"incarnation\":1767000000", "\"incarnation\":4294967296"), ("\"phi\":8.25", "\"phi\":\"8.25\""),
    ])
    func `with a wrong or missing value is an error`(right: String, wrong: String) throws {
        let text = try json(suspicion()).replacing(right, with: wrong)
        #expect(try text != json(suspicion()))
        #expect(throws: DecodingError.self) { try WireJSON.decode(EventMessage.self, from: text.utf8) }
    }
    @Test func `never traps when corrupted`() throws {
        let good = Array(try json(suspicion()).utf8)
        var random = SplitMix64(seed: 11)
        var accepted = 0
        for _ in 0..<3000 {
            var bytes = good
            bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            if random.chance(0.3) { bytes.removeLast(.random(in: 1...bytes.count, using: &random)) }
            if (try? WireJSON.decode(EventMessage.self, from: bytes)) != nil { accepted += 1 }
        }
        #expect((1...2900).contains(accepted))
    }
}

@Suite struct `The frames of an event` {
    @Test func `have topics whose parts end with a slash`() throws {
        #expect(FeedTopic(level: "suspect", group: "edge", node: "edge-1").description == "e1/suspect/edge/edge-1/")
        #expect(FeedTopic(level: nil, group: "edge", node: "edge-1").description == "e1/-/edge/edge-1/")
        #expect(FeedTopic(level: nil, group: nil, node: nil).description == "e1/-/-/-/")
        #expect(FeedTopic.prefix == "e1/")
        #expect(Beacon.topic == "b1/")
        #expect(
            !FeedTopic(level: "suspect", group: "edge", node: "edge-10").description.hasPrefix(
                FeedTopic(level: "suspect", group: "edge", node: "edge-1").description))
    }
    @Test func `have a topic made of level, group, and node`() throws {
        let node = try NodeIdentity(group: "edge", name: "edge-1")
        let evidence = Evidence(
            phi: nil, silence: 0, expected: nil, timeout: nil, missing: 0, senderLate: nil, ownLate: 0, samples: 0)
        let transition = Transition(
            node: node, incarnation: 0, level: 0, effectivePolicy: .init(policy: .phi(8)), from: .new, to: .learning,
            at: Instant(nanoseconds: 0),
            evidence: evidence)
        let place = `An event as JSON`.place
        #expect(
            TransitionMessage(transition, level: "suspect", at: place).topic.description == "e1/suspect/edge/edge-1/")
        var notice = Notice(code: .takeover, key: .named("a"), node: node, incarnation: 0, at: Instant(nanoseconds: 0))
        #expect(NoticeMessage(notice, levels: [], at: place).topic.description == "e1/-/edge/edge-1/")
        notice.node = nil
        #expect(NoticeMessage(notice, levels: [], at: place).topic.description == "e1/-/-/-/")
    }
    @Test(
        arguments: [
            ("suspect", "edge", "edge-1"), (nil, "edge", "ünï’"), (nil, "-x", nil), (nil, nil, nil),
            ("a b", "e\u{301}", "--"),
        ] as [(String?, String?, String?)])
    func `have a topic that gives its names back`(level: String?, group: String?, node: String?) {
        let names = FeedTopic(level: level, group: group, node: node).names
        for (name, expected) in [(names.level, level), (names.group, group), (names.node, node)] {
            #expect(name.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
        }
    }
    @Test func `report the start and the duration of an overload`() throws {
        let place = EventPosition(epoch: 1, sequence: 2, previous: 0, at: Timestamp(unixNanoseconds: 3))
        let (begin, end) = (
            NoticeMessage(.observed(.overloaded), at: place),
            NoticeMessage(.observed(.caughtUp(.seconds(12))), at: place)
        )
        #expect(begin.code == "overloaded" && begin.numbers.isEmpty && !begin.explanation.hasPrefix(" "))
        #expect(end.code == "caught-up" && end.numbers == ["seconds": 12] && end.explanation.contains("12 s"))
        for notice in [begin, end] {
            #expect(notice.topic.description == "e1/-/-/-/")
            #expect(try WireJSON.decode(EventMessage.self, from: EventMessage.notice(notice).json) == .notice(notice))
        }
    }
    @Test func `have a big-endian header of 16 bytes`() {
        let header = FeedHeader(epoch: 0x0102_0304_0506_0708, sequence: 0xa1b2_c3d4_e5f6_0718)
        #expect(header.encoded == [UInt8](hex: "01 02 03 04 05 06 07 08 a1 b2 c3 d4 e5 f6 07 18"))
        #expect(FeedHeader(decoding: header.encoded) == header)
    }
    @Test(arguments: [0, 1, 8, 15, 17, 32]) func `reject a header of another size`(size: Int) {
        #expect(FeedHeader(decoding: [UInt8](repeating: 7, count: size)) == nil)
    }
    @Test func `are followed by a beacon with this JSON`() throws {
        let beacon = Beacon(
            epoch: 1_767_225_600_000, sequence: 42,
            levels: ["suspect": .init(sequence: 41, counts: ["trusted": 3, "left": 1])])
        let text = """
            {"epoch":1767225600000,"kind":"beacon","levels":{"suspect":{"counts":{"left":1,"trusted":3},"sequence":41}},\
            "sequence":42}
            """
        #expect(String(decoding: try WireJSON.encode(beacon), as: UTF8.self) == text)
        #expect(try WireJSON.decode(Beacon.self, from: text.utf8) == beacon)
    }
}
