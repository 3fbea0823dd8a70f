import Foundation
import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

extension SystemTests {
    @Suite(.enabled(if: TestBed.hasPython, TestBed.withoutPython)) struct `A detector with hostile peers` {
        @Test func `drops and counts malformed heartbeats, and affects no node`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let watch = try await bed.watch(detector)
                let good = try bed.beat("good", to: detector)
                try await watch.transition(of: "good", to: .trusted)

                let stranger = try bed.python(.own("hostile_heartbeats"), detector.heartbeats)
                try await watch.transition(of: "last", to: .left)
                let report = try await stranger.line("the counts")
                let expected = try JSONDecoder().decode(Counts.self, from: Data(report.utf8))

                let status = try await bed.status(of: detector)
                for (reason, count) in expected.malformed {
                    let counted = try #require(status.service.malformed[reason], "\(reason)")
                    // Random bytes may form frames, but never heartbeats.
                    #expect(
                        ["foreign", "empty", "multipart"].contains(reason) ? counted >= count : counted == count,
                        "\(reason)")
                }
                for (fate, count) in expected.heartbeats {
                    #expect(status.service.heartbeats[fate] == count, "\(fate)")
                }
                let states = status.nodes.map { "\($0.node ?? $0.key) \($0.levels["suspect"]?.state ?? "-")" }
                #expect(states.sorted() == ["absurd left", "good trusted", "last left"])
                #expect(watch.transitions.filter { $0.node == "good" }.last?.to == .trusted)

                // Each reason is logged at most once a minute.
                let logged = detector.program.errors.filter { $0.contains("reason=") }
                let reasons = Set(logged.map { bed.value(of: "reason", in: $0) })
                #expect(reasons == Set(status.service.malformed.keys), "\(logged)")
                let minutes = Int(status.service.uptimeSeconds / 60) + 1
                #expect(logged.count <= minutes * reasons.count, "\(logged)")
                good.terminate()
                try await watch.transition(of: "good", to: .left)
            }
        }

        @Test func `warns when it cannot accept more connections, and serves the existing ones`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector(openFiles: 60)
                let watch = try await bed.watch(detector)
                let good = try bed.beat("good", to: detector)
                try await watch.transition(of: "good", to: .trusted)

                let crowd = try bed.python(.own("many_connections"), detector.heartbeats, "60")
                #expect(try await crowd.line("its number") == "60")
                let warning = try await detector.program.note("a warning") { $0.contains("cannot accept") }
                #expect(warning.contains("ulimit -n"), "\(warning)")
                crowd.crash()
                good.terminate()
                try await watch.transition(of: "good", to: .left)
            }
        }

        @Test(.tags(.slow)) func `serves a reading subscriber beside thousands that do not read`()
            async throws
        {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let crowd = try bed.python(.own("many_subscribers"), detector.events, "2000")
                try await crowd.line("ready") { $0 == "ready" }
                let before = try #require(detector.program.residentBytes)
                let good = try bed.beat("good", to: detector)
                try await crowd.transition(of: "good", to: .trusted)
                // Each of these nodes joins and leaves. That is far more events than a subscriber's queue holds unread.
                let swarm = try bed.phi(
                    "swarm", "--to", detector.heartbeats, "--nodes", "300", "--every", "250ms", "--for", "3s")
                #expect(try await swarm.exit() == 0)
                try await crowd.events("leave", count: 300) { $0.transition?.to == .left }
                good.terminate()
                try await crowd.transition(of: "good", to: .left)
                #expect(crowd.suspicions.isEmpty)
                // The cost of 900 events in 2000 queues, still below their limit: a queue holds 10,000.
                let after = try #require(detector.program.residentBytes)
                #expect(after - before < 400_000_000, "\(before) bytes, and then \(after)")
            }
        }

        @Test(.tags(.slow)) func `handles thousands of requests at once, and still watches its nodes`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let watch = try await bed.watch(detector)
                let good = try bed.beat("good", to: detector)
                try await watch.transition(of: "good", to: .trusted)
                let requests = try bed.python(.own("many_orders"), detector.control, "2000")
                let report = try await requests.line("the counts")
                let counts = try JSONDecoder().decode([String: Int].self, from: Data(report.utf8))
                #expect(counts["other"] == 0 && counts["set", default: 0] >= 500, "\(report)")
                try await watch.events("tuning", count: counts["set", default: 0]) { $0.notice?.kind == .tune }
                good.terminate()
                try await watch.transition(of: "good", to: .left)
                #expect(watch.suspicions.isEmpty)
            }
        }

        @Test func `answers every request, or reports what is wrong with it`() async throws {
            struct Exchange: Decodable {
                struct Reply: Decodable {
                    struct Failure: Decodable { var code, message: String }
                    struct Answer: Decodable {}
                    var id: Int64
                    var ok: Answer?
                    var error: Failure?
                }
                var sent: String
                var id: Int64
                var code: String?
                var reply: Reply
            }
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let watch = try await bed.watch(detector)
                _ = try bed.beat("good", to: detector)
                try await watch.transition(of: "good", to: .trusted)

                let stranger = try bed.python(.own("hostile_requests"), detector.control)
                try await stranger.line("done") { $0 == "done" }
                for line in stranger.output.dropLast() {
                    let exchange = try JSONDecoder().decode(Exchange.self, from: Data(line.utf8))
                    #expect(exchange.reply.id == exchange.id, "\(line)")
                    #expect(exchange.reply.error?.code == exchange.code, "\(line)")
                    #expect((exchange.reply.ok == nil) == (exchange.code != nil), "\(line)")
                    if let failure = exchange.reply.error {
                        #expect(failure.message.count > 10 && !failure.message.contains("\u{1B}"), "\(line)")
                    }
                }
                #expect(try await bed.status(of: detector).nodes.map(\.levels["suspect"]?.state) == ["trusted"])
                #expect(watch.transitions.last?.to == .trusted)
            }
        }
    }
}

private struct Counts: Decodable {
    var malformed: [String: Int64]
    var heartbeats: [String: Int64]
}

/// The JSON that `phi status --json` prints.
struct StatusReport: Decodable {
    var service: StatusAnswer
    var nodes: [NodesAnswer.Node]
}

extension TestBed {
    /// Runs `phi status`, and expects exit status 0: no node is suspected.
    func status(of detector: RunningDetector) async throws -> StatusReport {
        let status = try phi("status", "--json", "--control", detector.control, "--timeout", "30s")
        #expect(try await status.exit() == 0, "\(status.output) \(status.errors)")
        return try JSONDecoder().decode(StatusReport.self, from: Data(status.output.joined().utf8))
    }
}
