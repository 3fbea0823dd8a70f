import Foundation
import HeartbeatProtocol
import PhiAccrual
import Testing

extension SystemTests {
    @Suite struct `Nodes as processes of their own` {
        @Test(.enabled(if: TestBed.hasPython, TestBed.withoutPython))
        func `are suspected when they crash and trusted when they restart, in two languages at both ends`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let watch = try await bed.watch(detector)
                let subscriber = try await bed.pythonSubscriber(detector)
                let nodes = ["swift": { try bed.beat("swift", to: detector) },
                    "python": { try bed.pythonNode("python", to: detector.heartbeats) },
                ]
                var running = try nodes.mapValues { try $0() }
                for node in nodes.keys { try await watch.transition(of: node, to: .trusted) }

                for program in running.values { program.crash() }
                var suspicions: [String: TransitionMessage] = [:]
                for node in nodes.keys { suspicions[node] = try await watch.transition(of: node, to: .suspected) }

                running = try nodes.mapValues { try $0() }
                for node in nodes.keys { try await watch.transition(of: node, to: .trusted, after: suspicions[node]) }

                for program in running.values { program.terminate() }
                for node in nodes.keys { try await watch.transition(of: node, to: .left) }
                for node in nodes.keys { try await subscriber.transition(of: node, to: .left) }

                #expect(subscriber.events == watch.events)
                #expect(watch.events.map(\.place.sequence) == Array(1...UInt64(watch.events.count)))
                expectLinked(watch.events)
                for node in nodes.keys {
                    let verdicts = watch.transitions.filter { $0.node == node }.map(\.to)
                    #expect(verdicts.drop { $0 != .learning } == [.learning, .trusted, .suspected, .trusted, .left])
                }
                for line in watch.output + subscriber.output { try expectComplete(line) }
                #expect(watch.output.count == watch.events.count && subscriber.output.count == watch.events.count)
            }
        }

        @Test(.enabled(if: TestBed.hasPython, TestBed.withoutPython))
        func `that say goodbye have left and are never suspected`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let watch = try await bed.watch(detector)
                let leaving = ["swift": try bed.beat("swift", to: detector),
                    "python": try bed.pythonNode("python", to: detector.heartbeats),
                ]
                let last = try bed.beat("last", to: detector)
                for node in ["swift", "python", "last"] { try await watch.transition(of: node, to: .trusted) }

                for program in leaving.values { program.terminate() }
                for node in leaving.keys { try await watch.transition(of: node, to: .left) }
                for program in leaving.values { #expect(try await program.exit() == 0) }
                // Silent for longer than the last node will be when it is suspected.
                last.crash()
                try await watch.transition(of: "last", to: .suspected)
                #expect(watch.transitions.filter { $0.to == .suspected }.map(\.node) == ["last"])
            }
        }

        @Test func `need no learning when they start again`() async throws {
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
                #expect(suspected.phi ?? 0 >= 8 && suspected.phi ?? 9 < 8.01)
                #expect(suspected.silenceSeconds == suspected.threshold.seconds)
            }
        }

        @Test func `may bind and be connected to, whoever comes first`() async throws {
            try await TestBed.run { bed in
                let early = try bed.phi(
                    "beat", "--bind", "tcp://127.0.0.1:*", "--group", "lab", "--node", "early", "--every", "300ms", "--for",
                    "5m")
                let remark = try await early.remark("publishing lab/early at …") { $0.contains("tcp://127.0.0.1:") }
                let endpoint = try #require(remark.split(separator: " ").last.map(String.init))
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

/// Expects `prev` to name the event before on the same topic.
private func expectLinked(_ events: [EventMessage]) {
    var last: [FeedTopic: UInt64] = [:]
    for case .transition(let transition) in events {
        #expect(transition.place.previous == last[transition.topic] ?? 0, "\(transition)")
        last[transition.topic] = transition.place.sequence
    }
}

/// Expects one JSON object with every key that scripts may rely on.
private func expectComplete(_ line: String) throws {
    let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let keys = [
        "kind", "epoch", "sequence", "prev", "at", "group", "node", "incarnation", "level", "from", "to", "phi",
        "silence_seconds", "expected_seconds", "threshold", "missing", "sender_late_seconds", "own_late_seconds", "samples",
        "explanation",
    ]
    #expect(Set(keys).subtracting(object.keys) == [], "\(line)")
    let threshold = try #require(object["threshold"] as? [String: Any])
    #expect(Set(["policy", "phi", "seconds", "origin"]).subtracting(threshold.keys) == [], "\(line)")
}
