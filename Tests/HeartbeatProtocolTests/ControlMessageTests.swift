import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

@Suite struct `A control frame` {
    @Test func `needs only an action`() throws {
        #expect(
            try WireJSON.decode(ControlFrame.self, from: #"{"do":"status"}"#.utf8)
                == ControlFrame(id: 0, action: "status"))
    }
    @Test func `has these optional fields`() throws {
        var request = ControlFrame(id: 1, action: "events")
        (request.since, request.epoch, request.prefix) = (41, 1_767_225_600_000, "e1/suspect/")
        (request.cursor, request.node, request.limit) = (5, "lab/a", 100)
        let text = """
            {"cursor":5,"do":"events","epoch":1767225600000,"id":1,"limit":100,"node":"lab/a","prefix":"e1/suspect/","since":41}
            """
        #expect(String(decoding: try WireJSON.encode(request), as: UTF8.self) == text)
        #expect(try WireJSON.decode(ControlFrame.self, from: text.utf8) == request)
    }
    @Test func `may have unknown fields and nulls`() throws {
        let text = #"{"id":null,"do":"nodes","since":null,"colour":"red"}"#
        #expect(try WireJSON.decode(ControlFrame.self, from: text.utf8) == ControlFrame(id: 0, action: "nodes"))
    }
    @Test(arguments: [
        "", " ", "null", "1", "[]", "{}", "{", "{\"do\"}", #"{"do":1}"#, #"{"do":null}"#,
        #"{"do":"events","since":-1}"#,
        #"{"do":"events","since":"41"}"#, #"{"do":"events","since":1.5}"#,
        #"{"do":"events","since":18446744073709551616}"#,
        #"{"do":"events","id":9223372036854775808}"#, #"{"do":"events","id":1e300}"#, #"{"do":"events","limit":{}}"#,
        #"{"do":"events"}x"#, #"{"do":"\ud800"}"#, "{\"do\":\"\u{0}\"", "\u{feff}",
    ])
    func `with malformed JSON or wrong types is an error`(text: String) {
        #expect(throws: DecodingError.self) { try WireJSON.decode(ControlFrame.self, from: text.utf8) }
    }
    @Test func `nested too deeply is an error`() {
        for (open, close) in [("[", "]"), (#"{"do":"#, "}")] {
            for depth in [600, 100_000] {
                let text = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
                #expect(throws: (any Error).self) { try WireJSON.decode(ControlFrame.self, from: text.utf8) }
            }
        }
    }
    @Test func `of random bytes is an error`() {
        var random = SplitMix64(seed: 4)
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            #expect(throws: (any Error).self) { try WireJSON.decode(ControlFrame.self, from: bytes) }
        }
    }
}

/// JSON keys are an interface: changing them changes behaviour.
@Suite struct `A control reply` {
    private func json(_ value: some Encodable) throws -> String {
        String(decoding: try WireJSON.encode(value), as: UTF8.self)
    }

    @Test func `is an answer or an error`() throws {
        #expect(
            try json(ControlReply(id: 7, ok: EventsAnswer<Int>(epoch: 1, through: 2, more: true, events: [3])))
                == #"{"id":7,"ok":{"epoch":1,"events":[3],"more":true,"through":2}}"#)
        #expect(
            try json(ControlReply<Int>(id: 7, error: ControlError(.otherEpoch, "no such log")))
                == #"{"error":{"code":"other-epoch","message":"no such log"},"id":7}"#)
    }
    @Test func `has the same bytes around an answer that is encoded already`() throws {
        let (answer, error) = (ForgetAnswer(node: "lab/a"), ControlError(.gone, "\"gone\""))
        for id in [0, 7, .min, .max] as [Int64] {
            #expect(
                try ControlReply<ForgetAnswer>.json(id: id, .success(WireJSON.encode(answer)))
                    == WireJSON.encode(ControlReply(id: id, ok: answer)))
            #expect(
                try ControlReply<ForgetAnswer>.json(id: id, .failure(error))
                    == WireJSON.encode(ControlReply<ForgetAnswer>(id: id, error: error)))
        }
    }
    @Test(
        arguments: [
            (.malformed, "malformed"), (.unknownRequest, "unknown-request"), (.unknownNode, "unknown-node"),
            (.gone, "gone"),
            (.otherEpoch, "other-epoch"), (.unknownLevel, "unknown-level"), (.invalidPolicy, "invalid-policy"),
            (.refused, "refused"),
        ] as [(ControlError.Code, String)])
    func `has these error codes`(code: ControlError.Code, text: String) throws {
        #expect(code.rawValue == text)
        #expect(
            try WireJSON.decode(ControlError.self, from: json(ControlError(code, "x")).utf8) == ControlError(code, "x"))
    }
    @Test func `with an unknown code is a refusal`() throws {
        #expect(
            try WireJSON.decode(ControlError.self, from: #"{"code":"tea-time","message":"x"}"#.utf8)
                == ControlError(.refused, "x"))
    }
    @Test func `to nodes has this JSON`() throws {
        let known = NodesAnswer.Node(
            group: "lab", node: "a", key: "000000000000000a", incarnation: 5, sequence: 7, phi: 0.25,
            silenceSeconds: 1.5,
            expectedSeconds: 1, missing: 2, discarded: 3, samples: 4, labels: ["zone": "b"],
            levels: ["suspect": .init(state: "trusted", secondsLeft: 2.5, thresholdSeconds: 4)])
        let answer = NodesAnswer(nodes: [known], cursor: 9)
        let text = """
            {"cursor":9,"nodes":[{"discarded":3,"expected_seconds":1,"group":"lab","incarnation":5,"key":"000000000000000a",\
            "labels":{"zone":"b"},"levels":{"suspect":{"seconds_left":2.5,"state":"trusted","threshold_seconds":4}},\
            "missing":2,"node":"a","phi":0.25,"samples":4,"sequence":7,"silence_seconds":1.5}]}
            """
        #expect(try json(answer) == text)
        #expect(try WireJSON.decode(NodesAnswer.self, from: text.utf8) == answer)
    }
    @Test func `to status has this JSON`() throws {
        let answer = StatusAnswer(
            epoch: 1, sequence: 2, uptimeSeconds: 3.5, levels: [.init(name: "suspect", policy: "phi=8")], nodes: 4,
            heartbeats: ["fresh": 5], malformed: ["foreign": 6], timestampUncertaintySeconds: 0.25,
            endpoints: ["heartbeats": ["tcp://127.0.0.1:7710"]])
        let text = """
            {"endpoints":{"heartbeats":["tcp://127.0.0.1:7710"]},"epoch":1,"heartbeats":{"fresh":5},\
            "levels":[{"name":"suspect","policy":"phi=8"}],"malformed":{"foreign":6},"nodes":4,"sequence":2,\
            "timestamp_uncertainty_seconds":0.25,"uptime_seconds":3.5}
            """
        #expect(try json(answer) == text)
        #expect(try WireJSON.decode(StatusAnswer.self, from: text.utf8) == answer)
    }
}
