import Foundation
import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

extension SystemTests {
    @Suite struct `A detector` {
        @Test(arguments: [SIGTERM, SIGINT]) func `shuts down cleanly on a signal`(signal: Int32) async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let watch = try await bed.watch(detector)
                let node = try bed.beat("node", to: detector)
                try await watch.transition(of: "node", to: .trusted)
                detector.program.signal(signal)
                #expect(try await detector.program.exit() == 0)
                #expect(detector.program.errors.last?.contains("message=stopped") == true)
                #expect(detector.program.output == [])
                // The other programs run without the detector, and end on the same signal.
                for program in [watch, node] {
                    program.signal(signal)
                    #expect(try await program.exit() == 0, "\(program)")
                }
            }
        }

        @Test(.tags(.slow), arguments: [SIGTERM, SIGKILL])
        func `finds its nodes after a restart, and its subscribers follow its new log`(signal: Int32) async throws {
            try await TestBed.run { bed in
                let places = ["h", "e", "c"].map { "ipc://\(bed.path($0))" }
                func start() async throws -> RunningDetector {
                    try await bed.detector(heartbeats: places[0], events: places[1], control: places[2])
                }
                let first = try await start()
                var subscribers = [try await bed.watch(first)]
                if TestBed.hasPython { subscribers.append(try await bed.pythonSubscriber(first)) }
                let node = try bed.beat("node", to: first)
                var before: [TransitionMessage] = []
                for subscriber in subscribers {
                    before.append(try await subscriber.transition(of: "node", to: .trusted))
                }

                first.program.signal(signal)
                #expect(try await first.program.exit() == (signal == SIGKILL ? 128 + SIGKILL : 0))
                _ = try await start()
                for (subscriber, before) in zip(subscribers, before) {
                    let after = try await subscriber.transition(of: "node", to: .trusted, after: before)
                    #expect(after.place.epoch > before.place.epoch)
                    #expect(after.incarnation == before.incarnation)
                    // All events of the new log, from the first.
                    let new = subscriber.events.map(\.place).filter { $0.epoch == after.place.epoch }.map(\.sequence)
                    #expect(new == Array(1...after.place.sequence))
                    #expect(!subscriber.transitions.contains { $0.to == .suspected })
                }
                node.terminate()
                for (subscriber, before) in zip(subscribers, before) {
                    try await subscriber.transition(of: "node", to: .left, after: before)
                }
            }
        }

        @Test(.tags(.slow)) func `suspects no node after it was stopped itself`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector("--detector", "normal,floor=1")
                let watch = try await bed.watch(detector)
                let names = (1...12).map { "n-\($0)" }
                // Each node has its own connection, so the heartbeats sent during a stop wait in as many buffers.
                let nodes = try names.map { try bed.beat($0, to: detector, every: "200ms") }
                for name in names { try await watch.transition(of: name, to: .trusted) }
                func maxTimeout() async throws -> Double {
                    try await bed.status(of: detector).nodes.compactMap { node in
                        names.contains(node.node ?? "") ? node.levels["suspect"]?.thresholdSeconds : nil
                    }.max() ?? .infinity
                }
                let before = try await maxTimeout()
                for round in 1...2 {
                    let last = watch.events.last
                    // Three times a node's timeout.
                    let stop = try await detector.program.freeze(for: .seconds(4))
                    try await watch.expectStop(of: stop, after: last)
                    // Events are ordered: the event of this new node comes after every earlier suspicion.
                    _ = try bed.beat("newcomer-\(round)", to: detector, every: "200ms")
                    try await watch.transition(of: "newcomer-\(round)", to: .trusted)
                }
                // If the detector had learned from a gap of four seconds, timeouts would be several times as long.
                #expect(try await maxTimeout() < 2 * before)
                for node in nodes { node.terminate() }
                for name in names { try await watch.transition(of: name, to: .left) }
                #expect(watch.transitions.filter { $0.to == .suspected }.map(\.node) == [])
            }
        }

        @Test func `logs one JSON object per line with --log json`() async throws {
            try await TestBed.run { bed in
                let free = "tcp://127.0.0.1:*"
                let detector = try bed.phi(
                    "detect", "--log", "json", "--heartbeats", free, "--events", free, "--control", free)
                _ = try await detector.note("ready") { $0.contains("\"ready\"") }
                detector.terminate()
                #expect(try await detector.exit() == 0)
                let messages = try detector.errors.map { line in
                    try JSONDecoder().decode([String: String].self, from: Data(line.utf8))["message"]
                }
                #expect(messages == ["ready", "stopped"])
            }
        }
    }

    @Suite struct `A swarm` {
        @Test func `crashes each node once, however late its heartbeats are`() async throws {
            try await TestBed.run { bed in
                let truth = bed.path("truth.csv")
                let swarm = try bed.phi(
                    "swarm", "--nodes", "50", "--every", "40ms", "--jitter", "200ms", "--crash", "50", "--for", "3s",
                    "--begin-within", "1s", "--truth", truth)
                #expect(try await swarm.exit() == 0)
                let rows = try bed.contents("truth.csv").split(separator: "\n").dropFirst().map {
                    $0.split(separator: ",").map(String.init)
                }
                #expect(rows.count == 100)
                #expect(Set(rows.filter { $0[1] == "start" }.map { $0[0] }).count == 50)
                #expect(Set(rows.filter { $0[1] == "crash" }.map { $0[0] }).count == 50)
                // Nodes do not start all at once.
                let starts = rows.filter { $0[1] == "start" }.compactMap { Int64($0[2]) }
                #expect(Set(starts).count > 25)
            }
        }
    }

    @Suite struct `The whole system` {
        @Test(.tags(.slow)) func `suspects exactly the crashed nodes of a swarm, and the others leave`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let watch = try await bed.watch(detector)
                let swarm = try bed.phi(
                    "swarm", "--to", detector.heartbeats, "--nodes", "40", "--every", "250ms", "--crash", "5", "--for",
                    "10s",
                    "--seed", "7", "--truth", "truth.csv")
                #expect(try await swarm.exit() == 0)
                let truth = try GroundTruth(csv: bed.contents("truth.csv"))
                let (crashes, leaves) = (truth.times("crash"), truth.times("leave"))
                #expect(crashes.count == 5 && leaves.count == 35 && truth.times("start").count == 40)
                #expect(Set(crashes.keys).isDisjoint(with: leaves.keys))

                for (node, crash) in crashes {
                    let suspicion = try await watch.transition(of: node, to: .suspected)
                    #expect(suspicion.place.at.unixNanoseconds > crash, "\(node)")
                    try await detector.expectPunctual(suspicion, in: watch)
                }
                for node in leaves.keys { try await watch.transition(of: node, to: .left) }
                let suspected = watch.transitions.filter { $0.to == .suspected }.map(\.node)
                #expect(suspected.sorted() == crashes.keys.sorted())
                #expect(Set(watch.transitions.filter { $0.to == .left }.map(\.node)) == Set(leaves.keys))
            }
        }

        @Test func `shows a kill and a recovery in the demo`() async throws {
            try await TestBed.run { bed in
                let demo = try bed.phi("demo", "--every", "250ms")
                let status = try await demo.exit()
                // On a busy machine a running node may be late enough to be suspected. The demo reports that and exits
                // with 1.
                let isGood = demo.output.contains { $0.hasPrefix("mistakes ") && $0.contains(" 0 false suspicions") }
                #expect(status == (isGood ? 0 : 1), "\((demo.output + demo.errors).joined(separator: "\n"))")
                let story = demo.output.filter { $0.contains("demo/node-3") }
                #expect(story.contains { $0.contains("trusted → suspected") }, "\(story)")
                #expect(story.contains { $0.contains("suspected → trusted") }, "\(story)")
                #expect(demo.output.filter { $0.contains("→ left") }.count == 5)
                #expect(demo.output.last?.contains("5 of 5 nodes left") == true, "\(demo.output.suffix(5))")
                for title in ["detection time", "recovery", "mistakes", "goodbyes"] {
                    #expect(demo.output.contains { $0.hasPrefix(title) })
                }
            }
        }
    }
}

/// The ground truth that `phi swarm --truth` wrote.
struct GroundTruth {
    private var rows: [(node: String, event: String, at: Int64)] = []

    init(csv: String) throws {
        let lines = csv.split(separator: "\n")
        try #require(lines.first == "node,event,at_unix_ns")
        for line in lines.dropFirst() {
            let fields = line.split(separator: ",")
            try #require(fields.count == 3)
            rows.append((String(fields[0]), String(fields[1]), try #require(Int64(fields[2]))))
        }
    }
    /// The first instant of an event by node, in Unix nanoseconds.
    func times(_ event: String) -> [String: Int64] {
        Dictionary(rows.filter { $0.event == event }.map { ($0.node, $0.at) }) { first, _ in first }
    }
}
