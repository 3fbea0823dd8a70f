import HeartbeatProtocol
import PhiAccrual
import PhiClient
import Testing

private func transition(
    to verdict: Verdict = .suspected, level: String = "suspect", group: String = "edge", node: String = "edge-1"
) throws -> EventMessage {
    let json = """
        {"at":"2026-01-02T03:04:05.000000006Z","epoch":7,"expected_seconds":1,"explanation":"Why.","from":"trusted",\
        "group":"\(group)","incarnation":5,"kind":"transition","level":"\(level)","missing":0,"node":"\(node)",\
        "own_late_seconds":0,"phi":8,"prev":0,"samples":9,"sender_late_seconds":null,"sequence":17,"silence_seconds":3,\
        "threshold":{"origin":"default","phi":8,"policy":"phi=8","seconds":2},"to":"\(verdict.rawValue)"}
        """
    return try WireJSON.decode(EventMessage.self, from: json.utf8)
}

private func notice(group: String?, node: String?) throws -> EventMessage {
    func quoted(_ text: String?) -> String { text.map { "\"\($0)\"" } ?? "null" }
    let json = """
        {"at":"2026-01-02T03:04:05.000000006Z","code":"takeover","epoch":7,"explanation":"Why.","group":\(quoted(group)),\
        "key":null,"kind":"notice","node":\(quoted(node)),"numbers":{},"prev":0,"sequence":18}
        """
    return try WireJSON.decode(EventMessage.self, from: json.utf8)
}

@Suite struct `An event filter` {
    @Test func `without criteria admits every event`() throws {
        for message in [try transition(), try notice(group: "edge", node: "edge-1"), try notice(group: nil, node: nil)]
        {
            #expect(EventFilter().admits(message))
        }
    }
    @Test(arguments: [
        (EventFilter(level: "suspect"), true, false), (EventFilter(level: "suspec"), false, false),
        (EventFilter(group: "edge"), true, true), (EventFilter(group: "edg"), false, false),
        (EventFilter(nodePrefix: "edge-"), true, true), (EventFilter(nodePrefix: "edge-10"), false, false),
        (EventFilter(verdicts: [.suspected]), true, false), (EventFilter(verdicts: [.trusted, .left]), false, false),
        (EventFilter(group: "lab", verdicts: [.suspected]), false, false),
        (EventFilter(level: "suspect", group: "edge", nodePrefix: "e", verdicts: [.left, .suspected]), true, false),
    ])
    func `admits only matching events`(filter: EventFilter, admitsTransition: Bool, admitsNotice: Bool) throws {
        #expect(filter.admits(try transition()) == admitsTransition)
        #expect(filter.admits(try notice(group: "edge", node: "edge-1")) == admitsNotice)
    }
    @Test func `on a group or node rejects events without one`() throws {
        #expect(!EventFilter(group: "edge").admits(try notice(group: nil, node: nil)))
        #expect(!EventFilter(nodePrefix: "").admits(try notice(group: "edge", node: nil)))
        #expect(EventFilter(group: "edge").admits(try notice(group: "edge", node: nil)))
    }
    @Test func `separates what an event concerns from its verdict`() throws {
        let filter = EventFilter(group: "edge", verdicts: [.suspected])
        let trust = try transition(to: .trusted)
        #expect(filter.concerns(trust) && !filter.admits(trust))
        #expect(!filter.concerns(try transition(group: "lab")))
    }
    @Test func `compares bytes, as topics do`() throws {
        let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}")
        #expect(composed == decomposed)
        #expect(EventFilter(group: composed).admits(try transition(group: composed)))
        #expect(!EventFilter(group: composed).admits(try transition(group: decomposed)))
    }
}

@Suite struct `An event's environment variables` {
    @Test func `of a transition hold its fields`() throws {
        #expect(
            try transition().environment == [
                "PHI_EVENT_KIND": "transition", "PHI_EVENT_GROUP": "edge", "PHI_EVENT_NODE": "edge-1",
                "PHI_EVENT_LEVEL": "suspect", "PHI_EVENT_FROM": "trusted", "PHI_EVENT_TO": "suspected",
                "PHI_EVENT_CODE": "", "PHI_EVENT_EPOCH": "7", "PHI_EVENT_SEQUENCE": "17",
                "PHI_EVENT_AT": "2026-01-02T03:04:05.000000006Z", "PHI_EVENT_EXPLANATION": "Why.",
            ])
    }
    @Test func `of a notice have the same names, and are empty where they do not apply`() throws {
        let (ours, other) = (try notice(group: "edge", node: nil).environment, try transition().environment)
        #expect(Set(ours.keys) == Set(other.keys))
        #expect(ours["PHI_EVENT_KIND"] == "notice" && ours["PHI_EVENT_CODE"] == "takeover")
        #expect(ours["PHI_EVENT_GROUP"] == "edge" && ours["PHI_EVENT_NODE"] == "" && ours["PHI_EVENT_TO"] == "")
    }
}
