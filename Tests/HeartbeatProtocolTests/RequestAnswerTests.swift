import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

/// JSON keys are an interface: changing them changes behaviour.
@Suite struct `An answer` {
    private func expect<Answer: Codable & Equatable>(_ answer: Answer, is text: String) throws {
        #expect(String(decoding: try WireJSON.encode(answer), as: UTF8.self) == text)
        #expect(try WireJSON.decode(Answer.self, from: text.utf8) == answer)
    }

    @Test func `to explain has this JSON`() throws {
        let json = #"""
            {"at":"2026-01-02T03:04:05.000000006Z","code":"takeover","epoch":7,"explanation":"Why.","group":"lab",\#
            "key":null,"kind":"notice","node":"a","numbers":{},"prev":0,"sequence":18}
            """#
        let answer = ExplainAnswer(
            node: node(), levels: [LevelPolicyStatus(name: "suspect", policy: "phi=8", origin: "default")],
            verdicts: [try WireJSON.decode(EventMessage.self, from: json.utf8)], disconnectedSeconds: 2,
            pause: .init(secondsLeft: 60, reason: "kernel"), heldSeconds: 3)
        try expect(
            answer,
            is: #"""
                {"disconnected_seconds":2,"held_seconds":3,"levels":[{"name":"suspect","origin":"default","policy":"phi=8"}],\#
                "node":{"discarded":3,"expected_seconds":1,"group":"lab","incarnation":5,"key":"000000000000000a",\#
                "labels":{},"levels":{},"missing":2,"node":"a","phi":0.25,"samples":4,"sequence":7,"silence_seconds":1.5},\#
                "pause":{"reason":"kernel","seconds_left":60},"verdicts":[\#(json)]}
                """#)
    }
    @Test func `to tune without a level has this JSON`() throws {
        let allowed = TimeoutRange(nodes: 3, minSeconds: 1, medianSeconds: 2, maxSeconds: 4)
        try expect(
            PoliciesAnswer(
                levels: [LevelPolicyStatus(name: "suspect", policy: "phi=8", origin: "option", allows: allowed)],
                overrides: [
                    .init(level: "suspect", policy: .phi(10), origin: Origin(.tune, for: .group("lab"))),
                    .init(level: "suspect", policy: .phi(12), origin: Origin(.file, for: .node(lab))),
                    .init(level: "suspect", policy: .phi(14), origin: Origin(.tune), allows: allowed),
                ]),
            is: #"""
                {"levels":[{"allows":{"max_seconds":4,"median_seconds":2,"min_seconds":1,"nodes":3},\#
                "name":"suspect","origin":"option","policy":"phi=8"}],"overrides":[\#
                {"group":"lab","level":"suspect","origin":"tune, group lab","policy":"phi=10","source":"tune"},\#
                {"level":"suspect","node":"lab/a","origin":"file, node lab/a","policy":"phi=12","source":"file"},\#
                {"allows":{"max_seconds":4,"median_seconds":2,"min_seconds":1,"nodes":3},\#
                "level":"suspect","origin":"tune","policy":"phi=14","source":"tune"}]}
                """#)
        try expect(
            PoliciesAnswer(
                levels: [
                    LevelPolicyStatus(
                        name: "suspect", policy: "phi=8", origin: "default", state: "trusted", thresholdSeconds: 2.5,
                        secondsLeft: 1.5)
                ], overrides: [], node: lab),
            is: #"""
                {"levels":[{"name":"suspect","origin":"default","policy":"phi=8","seconds_left":1.5,\#
                "state":"trusted","threshold_seconds":2.5}],"node":"lab/a","overrides":[]}
                """#)
    }
    @Test func `to tune with a level has this JSON`() throws {
        var policies = PolicyTable(levels: [.suspect(.phi(8))])
        policies.set(.phi(10), level: 0, from: Origin(.tune, for: .group("lab")))
        try expect(
            TuneAnswer(
                level: "suspect", effectivePolicy: policies.effectivePolicy(lab, level: 0),
                allows: TimeoutRange(nodes: 2, thresholds: [.seconds(4), .seconds(2)])),
            is: #"""
                {"allows":{"max_seconds":4,"median_seconds":4,"min_seconds":2,"nodes":2},"level":"suspect",\#
                "origin":"tune, group lab","policy":"phi=10"}
                """#)
    }
    @Test func `to what-if has this JSON`() throws {
        try expect(
            whatIf,
            is: #"""
                {"after":{"heartbeats":1000,"mistakes":0,"policy":"phi=10"},\#
                "before":{"heartbeats":1000,"mean_detection_seconds":1.25,"mistakes":2,"p99_detection_seconds":3,\#
                "policy":"phi=8"},"level":"suspect","nodes":5,"seconds":600}
                """#)
    }
    @Test func `to pause, resume, forget, and record has this JSON`() throws {
        let until = Timestamp(unixNanoseconds: 1_700_000_000_000_000_000)
        try expect(
            PauseAnswer(node: "lab/a", until: until),
            is: #"{"node":"lab/a","until":"2023-11-14T22:13:20.000000000Z"}"#)
        try expect(ResumeAnswer(node: "lab/a", wasPaused: true), is: #"{"node":"lab/a","was_paused":true}"#)
        try expect(ForgetAnswer(node: "lab/a"), is: #"{"node":"lab/a"}"#)
        try expect(RecordAnswer(folder: "/f", file: nil), is: #"{"folder":"/f"}"#)
        try expect(RecordAnswer(folder: "/f", file: "1.phi"), is: #"{"file":"1.phi","folder":"/f"}"#)
    }

    // MARK: Sentences for people

    @Test func `to explain describes the current state of each level`() {
        let levels = [
            LevelPolicyStatus(
                name: "suspect", policy: "mistakes=1/1d", origin: "default", state: "suspected", thresholdSeconds: 2,
                secondsLeft: -0.5),
            LevelPolicyStatus(
                name: "evict", policy: "phi=12", origin: "tune, group lab", state: "trusted", thresholdSeconds: 10,
                secondsLeft: 7.5),
        ]
        #expect(
            ExplainAnswer(node: node(), levels: levels, verdicts: []).sentences == [
                "lab/a was last heard 1.5 s ago; a heartbeat is expected every 1 s.",
                "φ is 0.25, estimated from 4 gaps. Missing from this incarnation: 2 heartbeats.",
                "suspect: suspected for 500 ms. mistakes=1/1d (default): timeout 2 s.",
                "evict: trusted. phi=12 (tune, group lab): timeout 10 s, reached in 7.5 s without a heartbeat.",
            ])
    }
    @Test func `to explain gives the reasons that delay a verdict`() {
        let answer = ExplainAnswer(
            node: node(),
            levels: [
                LevelPolicyStatus(
                    name: "suspect", policy: "phi=8", origin: "default", state: "trusted", thresholdSeconds: 2,
                    secondsLeft: -1)
            ], verdicts: [], disconnectedSeconds: 3, pause: .init(secondsLeft: 5400, reason: "kernel"), heldSeconds: 4)
        #expect(
            answer.sentences.dropFirst(2) == [
                "suspect: trusted. phi=8 (default): timeout 2 s, exceeded 1 s ago.",
                "The node's connection closed 3 s ago.", "Planned absence for another 90 min; reason: kernel.",
                "Suspicions of this node have been held for 4 s: many nodes fell silent at once.",
            ])
    }
    @Test func `to explain omits unknown values`() {
        var unheard = node()
        (unheard.silenceSeconds, unheard.group, unheard.node) = (nil, nil, nil)
        let level = LevelPolicyStatus(name: "suspect", policy: "phi=8", origin: "default", state: "new")
        #expect(
            ExplainAnswer(node: unheard, levels: [level], verdicts: []).sentences == [
                "The node with key 000000000000000a is expected; no heartbeat received yet.",
                "suspect: new. phi=8 (default): no timeout yet.",
            ])
        var young = node()
        (young.phi, young.expectedSeconds, young.samples, young.missing) = (nil, nil, 1, 1)
        #expect(
            ExplainAnswer(node: young, levels: [], verdicts: []).sentences == [
                "lab/a was last heard 1.5 s ago.",
                "Timeouts are estimated from 1 gap. Missing from this incarnation: 1 heartbeat.",
            ])
    }
    @Test(
        arguments: [
            ([], "no nodes"), ([.seconds(2)], "2 s (1 node)"),
            ([.seconds(2), .seconds(2)], "2 s (2 nodes)"),
            ([.seconds(4), .seconds(1), .seconds(2)], "1 s to 4 s, median 2 s (3 nodes)"),
        ] as [([Int64], String)])
    func `to tune describes the timeouts that it allows`(thresholds: [Int64], text: String) {
        #expect(TimeoutRange(nodes: thresholds.count, thresholds: thresholds).description == text)
    }
    @Test func `to tune names the effective policy, and unknown timeouts`() {
        let unknown = TimeoutRange(nodes: 2, thresholds: [])
        #expect(unknown.description == "not known yet (2 nodes)")
        let effectivePolicy = PolicyTable(levels: [.suspect(.phi(8))]).effectivePolicy(lab, level: 0)
        #expect(
            TuneAnswer(level: "suspect", effectivePolicy: effectivePolicy, allows: unknown).sentence
                == "Level suspect: the effective policy is now phi=8 (default). Timeout: not known yet (2 nodes).")
    }
    @Test func `to what-if compares both policies`() {
        #expect(
            whatIf.sentences == [
                "Level suspect, replay of the last 10 min, 5 nodes:",
                "now  phi=8: 2 mistakes in 1000 heartbeats, crashes detected after 1.25 s, 99 % within 3 s",
                "then phi=10: 0 mistakes in 1000 heartbeats, no detection time",
            ])
    }

    private let lab: NodeIdentity
    init() throws { lab = try NodeIdentity(group: "lab", name: "a") }

    private func node() -> NodesAnswer.Node {
        NodesAnswer.Node(
            group: "lab", node: "a", key: "000000000000000a", incarnation: 5, sequence: 7, phi: 0.25,
            silenceSeconds: 1.5, expectedSeconds: 1, missing: 2, discarded: 3, samples: 4, labels: [:], levels: [:])
    }
    private let whatIf = WhatIfAnswer(
        level: "suspect",
        before: .init(
            policy: "phi=8", mistakes: 2, heartbeats: 1000, meanDetectionSeconds: 1.25, p99DetectionSeconds: 3),
        after: .init(
            policy: "phi=10", mistakes: 0, heartbeats: 1000, meanDetectionSeconds: nil, p99DetectionSeconds: nil),
        seconds: 600, nodes: 5)
}
