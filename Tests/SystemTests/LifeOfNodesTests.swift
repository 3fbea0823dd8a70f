import Foundation
import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

extension SystemTests {
    @Suite struct `Nodes as separate processes` {
        @Test(.enabled(if: TestBed.hasPython, TestBed.withoutPython))
        func `are suspected when they crash and trusted when they restart, in two languages at both ends`() async throws
        {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let watch = try await bed.watch(detector)
                let subscriber = try await bed.pythonSubscriber(detector)
                let nodes = NodeKind.allCases.map(\.rawValue)
                func start() throws -> [RunningProgram] {
                    try NodeKind.allCases.map { try bed.node($0, $0.rawValue, to: detector) }
                }
                var running = try start()
                for node in nodes { try await watch.transition(of: node, to: .trusted) }

                for program in running { program.crash() }
                var suspicions: [String: TransitionMessage] = [:]
                for node in nodes { suspicions[node] = try await watch.transition(of: node, to: .suspected) }

                running = try start()
                for node in nodes { try await watch.transition(of: node, to: .trusted, after: suspicions[node]) }

                for program in running { program.terminate() }
                for node in nodes { try await watch.transition(of: node, to: .left) }
                for node in nodes { try await subscriber.transition(of: node, to: .left) }

                #expect(subscriber.events == watch.events)
                #expect(watch.events.map(\.place.sequence) == Array(1...UInt64(watch.events.count)))
                expectLinked(watch.events)
                for node in nodes {
                    let verdicts = watch.transitions.filter { $0.node == node }.map(\.to)
                    #expect(verdicts.drop { $0 != .learning } == [.learning, .trusted, .suspected, .trusted, .left])
                }
                for line in watch.output + subscriber.output { try expectComplete(line) }
                #expect(watch.output.count == watch.events.count && subscriber.output.count == watch.events.count)
            }
        }

        @Test(arguments: NodeKind.available)
        func `leave with a goodbye and are never suspected`(kind: NodeKind) async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let watch = try await bed.watch(detector)
                let polite = try bed.node(kind, "polite", to: detector)
                let last = try bed.beat("last", to: detector)
                for node in ["polite", "last"] { try await watch.transition(of: node, to: .trusted) }

                polite.terminate()
                try await watch.transition(of: "polite", to: .left)
                #expect(try await polite.exit() == 0)
                // When `last` is suspected, `polite` has been silent for longer than `last`.
                last.crash()
                try await watch.transition(of: "last", to: .suspected)
                #expect(watch.transitions.filter { $0.to == .suspected }.map(\.node) == ["last"])
            }
        }

        @Test func `need no new learning after a restart`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let watch = try await bed.watch(detector)
                let first = try bed.beat("node", to: detector)
                let trusted = try await watch.transition(of: "node", to: .trusted)
                first.crash()
                let suspected = try await watch.transition(of: "node", to: .suspected, after: trusted)
                _ = try bed.beat("node", to: detector)
                let again = try await watch.transition(of: "node", to: .trusted, after: suspected)

                #expect(again.from == .suspected)
                #expect(again.incarnation > suspected.incarnation && suspected.incarnation == trusted.incarnation)
                #expect(again.place.previous == suspected.place.sequence)
                #expect(suspected.phi ?? 0 >= 8)
                try await detector.expectPunctual(suspected, in: watch)
            }
        }

        @Test(.tags(.slow), arguments: NodeKind.available)
        func `are suspected when they freeze, and trusted when they resume`(kind: NodeKind) async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let watch = try await bed.watch(detector)
                let node = try bed.node(kind, "node", to: detector)
                let before = try await watch.transition(of: "node", to: .trusted)
                node.signal(SIGSTOP)
                let suspected = try await watch.transition(of: "node", to: .suspected)
                node.signal(SIGCONT)
                let after = try await watch.transition(of: "node", to: .trusted, after: suspected)
                #expect(after.incarnation == before.incarnation)
                node.terminate()
                let left = try await watch.transition(of: "node", to: .left)
                // Heartbeats that were due meanwhile were never sent, and the sequence numbers show it. There are two
                // exceptions: the one that the node was about to send, and the one of the slot in which it resumed.
                let due = (suspected.silenceSeconds / 0.3).rounded(.down)
                #expect(Double(left.missing - before.missing) >= due - 2)
            }
        }

        @Test func `are forgotten after a long silence`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector("--retention", "3s")
                let watch = try await bed.watch(detector)
                let node = try bed.beat("node", to: detector)
                try await watch.transition(of: "node", to: .trusted)
                node.crash()
                let forgotten = try await watch.transition(of: "node", to: .forgotten)
                #expect(forgotten.from == .suspected && forgotten.silenceSeconds >= 3)
                #expect(try await bed.status(of: detector).nodes.isEmpty)
            }
        }

        @Test func `send heartbeats while their command runs, and leave with it`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let watch = try await bed.watch(detector)
                func beat(_ node: String, while command: String) throws -> RunningProgram {
                    try bed.phi(
                        "beat", "--to", detector.heartbeats, "--group", "lab", "--node", node, "--every", "300ms",
                        "--while",
                        command)
                }
                let ended = try beat("ended", while: "mkfifo end; read line < end; echo $line")
                let failed = try beat("failed", while: "mkfifo fail; read line < fail; exit $line")
                // A process that is not asked to end keeps the pipe to this test open, even a child of the shell.
                let asked = [try beat("asked", while: "exec sleep 600"), try beat("shell", while: "sleep 600; true")]
                for node in ["ended", "failed", "asked", "shell"] { try await watch.transition(of: node, to: .trusted) }

                try "bye\n".write(toFile: bed.path("end"), atomically: false, encoding: .utf8)
                try "3\n".write(toFile: bed.path("fail"), atomically: false, encoding: .utf8)
                for program in asked { program.terminate() }
                #expect(try await ended.exit() == 0)
                #expect(ended.output == ["bye"])
                #expect(try await failed.exit() == 3)
                for program in asked { #expect(try await program.exit() == 0) }
                for node in ["ended", "asked", "shell"] { try await watch.transition(of: node, to: .left) }
                try await watch.transition(of: "failed", to: .suspected)
                #expect(watch.transitions.filter { $0.to == .suspected }.map(\.node) == ["failed"])
            }
        }

        @Test func `can bind, whether they start before or after the detector`() async throws {
            try await TestBed.run { bed in
                let early = try bed.phi(
                    "beat", "--bind", "tcp://127.0.0.1:*", "--group", "lab", "--node", "early", "--every", "300ms",
                    "--for",
                    "5m")
                let note = try await early.note("publishing lab/early at …") { $0.contains("tcp://127.0.0.1:") }
                let endpoint = try #require(note.split(separator: " ").last.map(String.init))
                let place = "ipc://\(bed.path("late"))"
                let detector = try await bed.detector("--connect", endpoint, "--connect", place, heartbeats: nil)
                #expect(detector.heartbeats == "")
                let watch = try await bed.watch(detector)
                try await watch.transition(of: "early", to: .trusted)
                let late = try bed.phi(
                    "beat", "--bind", place, "--group", "lab", "--node", "late", "--every", "300ms", "--for", "5m")
                try await watch.transition(of: "late", to: .trusted)

                early.crash()
                late.terminate()
                try await watch.transition(of: "early", to: .suspected)
                try await watch.transition(of: "late", to: .left)
            }
        }
    }
}

/// Expects `prev` to be the sequence number of the previous event on the same topic.
private func expectLinked(_ events: [EventMessage]) {
    var last: [FeedTopic: UInt64] = [:]
    for case .transition(let transition) in events {
        #expect(transition.place.previous == last[transition.topic] ?? 0, "\(transition)")
        last[transition.topic] = transition.place.sequence
    }
}

/// Expects one JSON object with every key that scripts may use.
private func expectComplete(_ line: String) throws {
    let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let keys = [
        "kind", "epoch", "sequence", "prev", "at", "group", "node", "incarnation", "level", "from", "to", "phi",
        "silence_seconds", "expected_seconds", "threshold", "missing", "sender_late_seconds", "own_late_seconds",
        "samples",
        "explanation",
    ]
    #expect(Set(keys).subtracting(object.keys) == [], "\(line)")
    let threshold = try #require(object["threshold"] as? [String: Any])
    #expect(Set(["policy", "phi", "seconds", "origin"]).subtracting(threshold.keys) == [], "\(line)")
}
