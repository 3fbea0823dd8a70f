import Foundation
import HeartbeatProtocol
import PhiAccrual
import Testing

extension SystemTests {
    /// Compares the typed command with the request on the wire and with the printed text. The answers are canned.
    @Suite(.enabled(if: TestBed.hasPython, TestBed.withoutPython)) struct `A control command` {
        @Test func `explains a node`() async throws {
            let verdict = #"""
                {"at":"2026-01-02T03:04:05.000000006Z","epoch":7,"expected_seconds":1,"explanation":"No heartbeat for 3 s.",\#
                "from":"trusted","group":"edge","incarnation":5,"kind":"transition","level":"suspect","missing":0,\#
                "node":"edge-1","own_late_seconds":0,"phi":8,"prev":0,"samples":9,"sender_late_seconds":null,\#
                "sequence":17,"silence_seconds":3,\#
                "threshold":{"origin":"default","phi":8,"policy":"phi=8","seconds":2},"to":"suspected"}
                """#
            let answer = #"""
                {"held_seconds":4,"levels":[{"name":"suspect","origin":"default","policy":"phi=8","seconds_left":-1,\#
                "state":"suspected","threshold_seconds":2}],"node":{"discarded":0,"expected_seconds":1,"group":"edge",\#
                "incarnation":5,"key":"000000000000000a","labels":{},"levels":{},"missing":0,"node":"edge-1","phi":9.5,\#
                "samples":9,"sequence":7,"silence_seconds":3},"verdicts":[\#(verdict)]}
                """#
            try await expect(
                "explain edge/edge-1", sends: #"{"do":"explain","id":1,"node":"edge/edge-1"}"#, answer: answer,
                prints: [
                    "edge/edge-1 was last heard 3 s ago; a heartbeat is expected every 1 s.",
                    "φ is 9.5, estimated from 9 gaps.",
                    "suspect: suspected for 1 s. phi=8 (default): timeout 2 s.",
                    "Suspicions of this node have been held for 4 s: many nodes fell silent at once.",
                    "",
                    "2026-01-02T03:04:05  suspect  trusted → suspected   No heartbeat for 3 s.",
                ])
        }

        @Test func `shows all policies`() async throws {
            let answer = #"""
                {"levels":[{"allows":{"max_seconds":4,"median_seconds":2,"min_seconds":1,"nodes":3},\#
                "name":"suspect","origin":"default","policy":"mistakes=1/1d"}],"overrides":[{"allows":{"nodes":0},\#
                "group":"edge","level":"suspect","origin":"tune, group edge","policy":"phi=10","source":"tune"}]}
                """#
            try await expect(
                "tune", sends: #"{"do":"tune","id":1}"#, answer: answer,
                prints: [
                    "LEVEL    FOR                  POLICY                       SET BY               TIMEOUT",
                    "suspect  all nodes            mistakes=1/1d                default              1 s to 4 s, median 2 s (3 nodes)",
                    "suspect  group edge           phi=10                       tune, group edge     no nodes",
                ])
        }

        @Test func `shows a node's policies`() async throws {
            let answer = #"""
                {"levels":[{"name":"suspect","origin":"tune","policy":"phi=10","seconds_left":1.5,"state":"trusted",\#
                "threshold_seconds":2.31}],"node":"edge/edge-1","overrides":[]}
                """#
            try await expect(
                "tune --node edge/edge-1", sends: #"{"do":"tune","id":1,"node":"edge/edge-1"}"#, answer: answer,
                prints: [
                    "LEVEL    FOR                  POLICY                       SET BY               TIMEOUT",
                    "suspect  edge/edge-1          phi=10                       tune                 2.31 s, reached in 1.5 s",
                ])
        }

        static let tunings: [(String, String)] = [
            ("suspect=phi=10", #"{"do":"tune","id":1,"level":"suspect","policy":"phi=10"}"#),
            (
                "evict=mistakes=1/30d,within=3s --group edge",
                #"{"do":"tune","group":"edge","id":1,"level":"evict","policy":"mistakes=1/30d,within=3s"}"#
            ),
            ("--unset suspect --node a/b", #"{"do":"tune","id":1,"level":"suspect","node":"a/b","unset":true}"#),
        ]
        @Test(arguments: tunings) func `tunes`(line: String, request: String) async throws {
            let answer = #"""
                {"allows":{"max_seconds":2.31,"median_seconds":2.31,"min_seconds":2.31,"nodes":1},\#
                "level":"suspect","origin":"tune","policy":"phi=10"}
                """#
            try await expect(
                "tune \(line)", sends: request, answer: answer,
                prints: ["Level suspect: the effective policy is now phi=10 (tune). Timeout: 2.31 s (1 node)."])
        }

        static let proposals: [(String, String)] = [
            ("phi=10", #"{"do":"what-if","id":1,"policy":"phi=10"}"#),
            (
                "evict=price=5 --group edge",
                #"{"do":"what-if","group":"edge","id":1,"level":"evict","policy":"price=5"}"#
            ),
        ]
        @Test(arguments: proposals) func `evaluates a policy with what-if`(line: String, request: String) async throws {
            let answer = #"""
                {"after":{"heartbeats":1000,"mean_detection_seconds":2,"mistakes":0,"p99_detection_seconds":4,\#
                "policy":"phi=10"},"before":{"heartbeats":1000,"mean_detection_seconds":1.25,"mistakes":1,\#
                "p99_detection_seconds":3,"policy":"phi=8"},"level":"suspect","nodes":1,"seconds":600}
                """#
            try await expect(
                "tune --what-if \(line)", sends: request, answer: answer,
                prints: [
                    "Level suspect, replay of the last 10 min, 1 node:",
                    "now  phi=8: 1 mistake in 1000 heartbeats, crashes detected after 1.25 s, 99 % within 3 s",
                    "then phi=10: 0 mistakes in 1000 heartbeats, crashes detected after 2 s, 99 % within 4 s",
                ])
        }

        static let requests: [(String, String, String, String)] = [
            (
                "pause a/b --for 2h --reason kernel",
                #"{"do":"pause","id":1,"node":"a/b","reason":"kernel","seconds":7200}"#,
                #"{"node":"a/b","until":"2026-01-02T03:04:05.000000000Z"}"#,
                "a/b is not suspected until 2026-01-02T03:04:05.000000000Z"
            ),
            (
                "resume a/b", #"{"do":"resume","id":1,"node":"a/b"}"#, #"{"node":"a/b","was_paused":true}"#,
                "a/b is watched again"
            ),
            (
                "resume a/b", #"{"do":"resume","id":1,"node":"a/b"}"#, #"{"node":"a/b","was_paused":false}"#,
                "a/b was not paused; it is watched"
            ),
            ("forget a/b", #"{"do":"forget","id":1,"node":"a/b"}"#, #"{"node":"a/b"}"#, "a/b was removed"),
        ]
        @Test(arguments: requests)
        func `pauses, resumes, and forgets`(line: String, request: String, answer: String, text: String) async throws {
            try await expect(line, sends: request, answer: answer, prints: [text])
        }

        @Test func `prints the answer unchanged with --json, including keys of later versions`() async throws {
            let answer = #"{"later":[1,null,{"x":1.5}],"node":"a/b"}"#
            try await expect(
                "forget a/b --json", sends: #"{"do":"forget","id":1,"node":"a/b"}"#, answer: answer, prints: [answer])
        }

        static let refusals: [(String, [String])] = [
            (
                #"{"code":"unknown-request","message":"?"}"#,
                ["does not know the request \"explain\"", "older than this program"]
            ),
            (#"{"code":"unknown-node","message":"no node of this name"}"#, ["phi: no node of this name"]),
            (#"{"code":"of-later","message":"not today"}"#, ["phi: not today"]),
        ]
        @Test(arguments: refusals) func `reports why it was refused, and exits with 2`(
            error: String, words: [String]
        ) async throws {
            for json in [[], ["--json"]] {
                try await TestBed.run { bed in
                    let (control, _) = try await bed.cannedControl("{\"error\":\(error)}")
                    let program = try bed.phi(["explain", "a/b", "--control", control] + json)
                    #expect(try await program.exit() == 2)
                    #expect(program.output == [] && program.errors.count == 1)
                    for word in words { #expect(program.errors.first?.contains(word) == true, "\(program.errors)") }
                }
            }
        }

        @Test func `reports a reply that it cannot decode`() async throws {
            try await TestBed.run { bed in
                let (control, _) = try await bed.cannedControl(#"{"ok":{"node":5}}"#)
                let program = try bed.phi("forget", "a/b", "--control", control)
                #expect(try await program.exit() == 2)
                #expect(
                    program.errors == [
                        "phi: invalid reply from \(control) to the request \"forget\": it is not a reply of phi"
                    ])
            }
        }

        private func expect(
            _ line: String, sends request: String, answer: String, prints lines: [String]
        ) async throws {
            try await TestBed.run { bed in
                let (control, service) = try await bed.cannedControl("{\"ok\":\(answer)}")
                let program = try bed.phi(line.split(separator: " ").map(String.init) + ["--control", control])
                #expect(try await program.exit() == 0, "\(program.errors)")
                #expect(program.output == lines)
                #expect(program.errors == [])
                #expect(try await service.line("the request") == request)
            }
        }
    }
}

extension TestBed {
    /// A control socket that answers everything with `reply`.
    fileprivate func cannedControl(_ reply: String) async throws -> (endpoint: String, RunningProgram) {
        let service = try python(.own("canned_control"), reply)
        let ready = try await service.note("ready …") { $0.hasPrefix("ready ") }
        return (String(ready.dropFirst("ready ".count)), service)
    }
}
