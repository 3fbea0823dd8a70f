import Foundation
import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

extension SystemTests {
    /// Changes settings of a real detector, and checks the effect on its nodes.
    @Suite struct `A detector whose settings change at run time` {
        @Test func `moves a silent node's deadline and verdict at once when it is tuned`() async throws {
            try await TestBed.run { bed in
                // φ = 1000 means 68 standard deviations, each at least one interval.
                let detector = try await bed.detector("--level", "suspect=phi=1000")
                let watch = try await bed.watch(detector)
                let node = try bed.beat("n", to: detector)
                try await watch.transition(of: "n", to: .trusted)
                node.signal(SIGSTOP)
                func effectivePolicy() async throws -> (LevelPolicyStatus, silence: Double) {
                    let answer: ExplainAnswer = try await bed.request(detector, "explain", "lab/n")
                    return (try #require(answer.levels.first), try #require(answer.node.silenceSeconds))
                }
                let (before, silenceBefore) = try await effectivePolicy()
                let tuned: TuneAnswer = try await bed.request(detector, "tune", "suspect=phi=4000", "--node", "lab/n")
                #expect(tuned.policy == "phi=4000" && tuned.origin == "tune, node lab/n")
                let (after, silenceAfter) = try await effectivePolicy()
                let (old, new) = (try #require(before.thresholdSeconds), try #require(after.thresholdSeconds))
                #expect(new > 1.5 * old, "\(old) s, \(new) s")
                #expect(after.origin == "tune, node lab/n" && before.origin == "option")
                // The change applies to the deadline of the current silence, not only to the next one. The deadline is
                // later only if the detector was paused itself and extended it.
                let wasStopped = try await detector.wasStopped(seenBy: watch)
                for (left, expected) in [
                    (try #require(before.secondsLeft), old - silenceBefore),
                    (try #require(after.secondsLeft), new - silenceAfter),
                ] { #expect(left > expected - 1e-6 && (left < expected + 1e-6 || wasStopped)) }
                let notice = try await watch.notice("set")
                #expect(notice.kind == .tune && notice.group == "lab" && notice.node == "n")
                #expect(watch.suspicions.isEmpty)

                _ = try await bed.request(detector, "tune", "suspect=phi=0.001", "--node", "lab/n") as TuneAnswer
                let suspicion = try await watch.transition(of: "n", to: .suspected)
                #expect(suspicion.threshold.policy == "phi=0.001" && suspicion.threshold.origin == "tune, node lab/n")
                _ = try await bed.request(detector, "tune", "--unset", "suspect", "--node", "lab/n") as TuneAnswer
                // The silence is shorter than the timeout again, so the node is trusted without a heartbeat.
                let trust = try await watch.transition(of: "n", to: .trusted, after: suspicion)
                #expect(trust.threshold.policy == "phi=1000" && trust.silenceSeconds > suspicion.silenceSeconds)
                #expect(trust.explanation.hasPrefix("Policy is now phi=1000 "), "\(trust.explanation)")
            }
        }

        @Test func `suspects expected nodes that never appear, and follows its configuration file`() async throws {
            try await TestBed.run { bed in
                func configure(_ group: String) throws {
                    try bed.write(
                        "join_within: 2s\nhold: off\ngroups:\n  lab: {\(group)}\n", to: "phi.yaml")
                }
                try configure("expect: [ghost, n]")
                let detector = try await bed.detector("--config", "phi.yaml", "--level", "suspect=phi=1000")
                let watch = try await bed.watch(detector)
                _ = try bed.beat("n", to: detector)
                try await watch.transition(of: "n", to: .trusted)
                let ghost = try await watch.transition(of: "ghost", to: .suspected)
                #expect(ghost.from == .new && ghost.silenceSeconds >= 2)
                let wasStopped = try await detector.wasStopped(seenBy: watch)
                #expect(ghost.silenceSeconds < 2.01 || wasStopped)
                func threshold() async throws -> Double {
                    let answer: ExplainAnswer = try await bed.request(detector, "explain", "lab/n")
                    return try #require(answer.levels.first?.thresholdSeconds)
                }
                let before = try await threshold()

                try configure("expect: [phantom, n], levels: {suspect: phi=4000}")
                detector.program.signal(SIGHUP)
                let reload = try await watch.notice("reloaded")
                #expect(reload.node == nil && reload.explanation.count > 20)
                try await watch.transition(of: "ghost", to: .forgotten)
                try await watch.transition(of: "phantom", to: .suspected)
                #expect(try await threshold() > 1.5 * before)

                try configure("expect: [phantom, n], levels: {suspect: phi=none}")
                detector.program.signal(SIGHUP)
                _ = try await detector.program.note("that it stays") { $0.contains("configuration not reloaded") }
                #expect(detector.program.errors.contains { $0.contains("phi.yaml:4") })
                #expect(try await threshold() > 1.5 * before)
                #expect(watch.events.compactMap(\.notice).filter { $0.code == "reloaded" }.count == 1)
                #expect(watch.suspicions.map(\.node) == ["ghost", "phantom"])
            }
        }

        @Test(.tags(.slow)) func `trusts a flapping node only after a quiet period, and ends with the right verdict`()
            async throws
        {
            try await TestBed.run { bed in
                try bed.write(
                    "trust_again_after: 3\ndamping: {flaps: 2, within: 5m, quiet_period: 3s}\n", to: "phi.yaml")
                let detector = try await bed.detector("--config", "phi.yaml")
                let watch = try await bed.watch(detector)
                let node = try bed.beat("n", to: detector, every: "200ms")
                var trust = try await watch.transition(of: "n", to: .trusted)
                for round in 1...3 {
                    node.signal(SIGSTOP)
                    let suspicion = try await watch.transition(of: "n", to: .suspected, after: trust)
                    node.signal(SIGCONT)
                    trust = try await watch.transition(of: "n", to: .trusted, after: suspicion)
                    #expect(trust.explanation.contains("consecutive heartbeats"), "\(trust.explanation)")
                    // Until the node flaps, three heartbeats in time are enough.
                    let took = trust.place.at.unixNanoseconds - suspicion.place.at.unixNanoseconds
                    #expect(round == 1 || took > 3_000_000_000, "round \(round): \(took) ns")
                }
                let flaps = watch.events.compactMap(\.notice).filter { $0.code == "flapping" }
                #expect(flaps.count >= 1 && flaps.allSatisfy { $0.node == "n" })
                #expect(try await bed.status(of: detector).nodes.first?.levels["suspect"]?.state == "trusted")
            }
        }
    }
}

extension TestBed {
    /// Runs a control command with `--json` and decodes its output.
    func request<Answer: Decodable>(_ detector: RunningDetector, _ line: String...) async throws -> Answer {
        let program = try phi(line + ["--json", "--control", detector.control, "--timeout", "30s"])
        #expect(try await program.exit() == 0, "\(program.output) \(program.errors)")
        return try WireJSON.decode(Answer.self, from: program.output.joined().utf8)
    }
}
