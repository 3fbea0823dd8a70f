import HeartbeatProtocol
import PhiAccrual
import Testing

@Suite struct `A control request` {
    private static func node(_ text: String) throws -> NodeIdentity { try NodeIdentity(writtenAs: text) }
    private func request(_ json: String) throws -> ControlRequest {
        try WireJSON.decode(ControlFrame.self, from: json.utf8).request()
    }

    static let requests: [(String, ControlRequest)] = [
        (#"{"do":"status","id":0}"#, .detector(.status)),
        (#"{"cursor":5,"do":"nodes","id":0,"limit":10}"#, .detector(.nodes(from: 5, limit: 10))),
        (#"{"do":"nodes","id":0,"node":"lab/a"}"#, .detector(.node(lab("a")))),
        (
            #"{"do":"events","epoch":7,"id":0,"limit":1000,"prefix":"e1/suspect/","since":41}"#,
            .events(EventQuery(.all, since: 41, epoch: 7, prefix: "e1/suspect/"))
        ),
        (
            #"{"do":"snapshot","id":0,"limit":2,"since":0}"#,
            .events(EventQuery(.snapshot, since: 0, epoch: nil, limit: 2))
        ),
        (#"{"do":"explain","id":0,"node":"lab/a"}"#, .detector(.explain(lab("a")))),
        (#"{"do":"tune","id":0}"#, .detector(.policies(of: nil))),
        (#"{"do":"tune","id":0,"node":"lab/a"}"#, .detector(.policies(of: lab("a")))),
        (
            #"{"do":"tune","id":0,"level":"suspect","policy":"phi=10"}"#,
            .detector(.tune(TuneRequest(level: "suspect", policy: .phi(10), scope: .everyone)))
        ),
        (
            #"{"do":"tune","group":"lab","id":0,"level":"evict","policy":"mistakes=1/30d,within=3s"}"#,
            .detector(
                .tune(
                    TuneRequest(
                        level: "evict",
                        policy: .mistakes(MistakeBudget(.every(30 * 86_400e9), within: 3_000_000_000)),
                        scope: .group("lab"))))
        ),
        (
            #"{"do":"tune","id":0,"level":"suspect","node":"lab/a","unset":true}"#,
            .detector(.tune(TuneRequest(level: "suspect", policy: nil, scope: .node(lab("a")))))
        ),
        (#"{"do":"what-if","id":0,"policy":"phi=10"}"#, .detector(.whatIf(WhatIfRequest(policy: .phi(10))))),
        (
            #"{"do":"what-if","group":"lab","id":0,"level":"evict","policy":"price=1000"}"#,
            .detector(.whatIf(WhatIfRequest(policy: .price(1000), level: "evict", scope: .group("lab"))))
        ),
        (
            #"{"do":"pause","id":0,"node":"lab/a","reason":"kernel","seconds":7200}"#,
            .detector(.pause(pause(lab("a"), .seconds(7200), "kernel")))
        ),
        (
            #"{"do":"pause","id":0,"node":"lab/a","seconds":0.5}"#,
            .detector(.pause(pause(lab("a"), .milliseconds(500), "")))
        ),
        (#"{"do":"resume","id":0,"node":"lab/a"}"#, .detector(.resume(lab("a")))),
        (#"{"do":"forget","id":0,"node":"lab/a"}"#, .detector(.forget(lab("a")))),
        (#"{"do":"record","id":0,"on":true}"#, .detector(.record(true))),
        (#"{"do":"record","id":0,"on":false}"#, .detector(.record(false))),
    ]
    @Test(arguments: requests) func `is encoded and decoded as expected`(text: String, request: ControlRequest) throws {
        #expect(String(decoding: try WireJSON.encode(ControlFrame(request)), as: UTF8.self) == text)
        #expect(try self.request(text) == request)
    }
    @Test func `exists for every action`() {
        let actions = Self.requests.map { ControlFrame($0.1).action }
        #expect(Set(actions) == Set(ControlFrame.Action.allCases.map(\.rawValue)))
    }
    @Test func `has defaults for optional fields`() throws {
        #expect(try request(#"{"do":"nodes"}"#) == .detector(.nodes(from: 0, limit: 1000)))
        #expect(try request(#"{"do":"events"}"#) == .events(EventQuery(.all, since: 0, epoch: nil)))
        #expect(
            try request(#"{"do":"tune","level":"a","policy":"phi=1","unset":false}"#)
                == .detector(.tune(TuneRequest(level: "a", policy: .phi(1), scope: .everyone))))
    }
    @Test(arguments: [(Int.min, 1), (0, 1), (1, 1), (1000, 1000), (1001, 1000), (.max, 1000)])
    func `clamps its limit to the range 1 to 1000`(asked: Int, granted: Int) throws {
        for action in ["nodes", "events", "snapshot"] {
            let request = try request(#"{"do":"\#(action)","limit":\#(asked)}"#)
            #expect(ControlFrame(request).limit == granted)
        }
    }

    @Test(
        arguments: [
            (#"{"do":"explode\u001b[31m"}"#, .unknownRequest, #"unknown request "explode\u{1b}[31m""#),
            (#"{"do":""}"#, .unknownRequest, "status, nodes, events, snapshot, explain, tune, what-if"),
            (#"{"do":"explain"}"#, .malformed, #""explain" lacks "node""#),
            (#"{"do":"resume"}"#, .malformed, #""node": "group/name""#),
            (#"{"do":"forget"}"#, .malformed, "node"),
            (#"{"do":"explain","node":"a"}"#, .unknownNode, "edge/edge-1"),
            (#"{"do":"nodes","node":"a/\u0000"}"#, .unknownNode, #"a/\u{0}"#),
            (#"{"do":"forget","node":"a/b/c"}"#, .unknownNode, "a/b/c"),
            (#"{"do":"tune","level":"suspect"}"#, .malformed, "unset"),
            (#"{"do":"tune","level":"suspect","unset":false}"#, .malformed, "send either"),
            (#"{"do":"tune","level":"suspect","policy":"phi=1","unset":true}"#, .malformed, "send either"),
            (#"{"do":"tune","policy":"phi=1"}"#, .malformed, #"lacks "level""#),
            (#"{"do":"tune","unset":true}"#, .malformed, "level"),
            (#"{"do":"tune","group":"lab"}"#, .malformed, "level"),
            (#"{"do":"tune","level":"suspect","policy":"phi=-1"}"#, .invalidPolicy, "above 0"),
            (#"{"do":"tune","level":"suspect","policy":"\u001b"}"#, .invalidPolicy, #"\u{1b}"#),
            (#"{"do":"tune","level":"s","policy":"phi=1","group":"a","node":"a/b"}"#, .malformed, "invalid scope"),
            (#"{"do":"tune","level":"s","policy":"phi=1","group":"a/b"}"#, .malformed, "group name"),
            (#"{"do":"tune","level":"s","policy":"phi=1","group":""}"#, .malformed, "empty"),
            (#"{"do":"what-if"}"#, .malformed, "policy"),
            (#"{"do":"what-if","policy":"certainty=9"}"#, .invalidPolicy, "certainty"),
            (#"{"do":"what-if","policy":"phi=1","group":"a","node":"a/b"}"#, .malformed, "invalid scope"),
            (#"{"do":"pause","node":"lab/a"}"#, .malformed, "seconds"),
            (#"{"do":"pause","seconds":1}"#, .malformed, "node"),
            (#"{"do":"pause","node":"lab/a","seconds":0}"#, .malformed, "above 0 s"),
            (#"{"do":"pause","node":"lab/a","seconds":-5}"#, .malformed, "-5"),
            (#"{"do":"pause","node":"lab/a","seconds":31622401}"#, .malformed, "366 days"),
            (#"{"do":"pause","node":"lab/a","seconds":1e300}"#, .malformed, "366 days"),
            (#"{"do":"pause","node":"lab/a","seconds":1e-300}"#, .malformed, "above 0 s"),
            (#"{"do":"pause","node":"lab/a","seconds":1,"reason":"a\nb"}"#, .malformed, #"a\u{a}b"#),
            (#"{"do":"record"}"#, .malformed, #""on": true"#),
        ] as [(String, ControlError.Code, String)])
    func `that is invalid fails with a reason`(text: String, code: ControlError.Code, words: String) throws {
        let error = #expect(throws: ControlError.self) { try request(text) }
        #expect(error?.code == code)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
    @Test func `accepts reasons of up to 200 bytes`() throws {
        _ = try PauseRequest(lab("a"), for: .seconds(1), reason: String(repeating: "ä", count: 100))
        _ = try PauseRequest(lab("a"), for: PauseRequest.maxDuration)
        #expect(throws: ControlError(.malformed, "invalid reason (201 bytes): the maximum is 200 bytes")) {
            try PauseRequest(lab("a"), for: .seconds(1), reason: String(repeating: "ä", count: 100) + "a")
        }
    }
}

/// All names in these tests are valid, so an invalid one traps.
private func lab(_ name: String) -> NodeIdentity {
    guard let identity = try? NodeIdentity(group: "lab", name: name) else { fatalError("\(name) is a name") }
    return identity
}
private func pause(_ node: NodeIdentity, _ duration: Duration, _ reason: String) -> PauseRequest {
    guard let request = try? PauseRequest(node, for: duration, reason: reason) else { fatalError("a good pause") }
    return request
}
