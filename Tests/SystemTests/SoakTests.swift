import Foundation
import HeartbeatProtocol
import PhiAccrual
import PhiClient
import StateStore
import TestSupport
import Testing
import ZeroMQ

extension SystemTests {
    @Suite struct Soaks {
        // MARK: stops

        @Test(Soak.stops.trait, arguments: Soak.isFull ? `A detector that observes itself`.levels : [[]])
        func `a detector that is stopped again and again suspects no node`(levels: [String]) async throws {
            var random = try Soak.stops.random()
            let times: [Double] =
                Soak.isFull
                ? [2, 8, 30] + (1...20).map { _ in Double.random(in: 0.2...6, using: &random) }
                : [Double.random(in: 2...4, using: &random)]
            try await TestBed.run { bed in
                let detector = try await bed.detector(levels, model: "adaptive")
                let watch = try await bed.watch(detector)
                _ = try await bed.swarm("load", of: 1000, to: detector, seenBy: watch)
                try await bed.stop(detector, for: times.map { .seconds($0) }, seenBy: watch)
                try await bed.expectNoSuspicion(by: watch, of: detector)
            }
        }

        // MARK: kills

        @Test(Soak.kills.trait)
        func `a detector that is killed again and again loses and repeats no event, and suspects no running node`()
            async throws
        {
            var random = try Soak.kills.random()
            let (kills, nodes, interval) = Soak.isFull ? (50, 1000, "1s") : (3, 100, "250ms")
            // Receiving this many heartbeats takes longer than any timeout after a restart.
            let rest: Int64 = Soak.isFull ? 15_000 : 3000
            try await TestBed.run { bed in
                var detector = try await bed.persistentDetector(floor: 1)
                let subscriber = try await bed.watch(detector, from: "beginning")
                var late: RunningProgram?
                let swarm = try bed.phi(
                    "swarm", "--to", detector.heartbeats, "--nodes", "\(nodes)", "--every", interval, "--crash",
                    "\(nodes / 5)", "--for", Soak.isFull ? "200s" : "40s", "--seed", "\(random.next() % 1000)",
                    "--truth",
                    "truth.csv")
                var answered: Policy?

                for kill in 1...kills {
                    // The kill may come while nodes join, in a quiet time, or before the first heartbeat.
                    let heartbeats = Int64.random(in: 0...Int64(nodes), using: &random)
                    let count = Int.random(in: 1...8, using: &random)
                    try await detector.waitForHeartbeats(heartbeats)
                    let policies = (1...count).map { Policy.phi(8 + Double(kill) / 1000 + Double($0) / 100_000) }
                    // The last request is in flight at the kill. The detector applies and publishes it, or does neither.
                    try detector.tune(policies, andThen: .phi(9))
                    answered = policies.last
                    detector.program.crash()
                    #expect(try await detector.program.exit() == 128 + SIGKILL)
                    detector = try await bed.persistentDetector(floor: 1)
                    let now: PoliciesAnswer = try detector.request(.policies(of: nil))
                    let holding = now.overrides.map(\.policy)
                    #expect([[answered.map { "\($0)" }], ["phi=9"]].contains(holding))
                    if kill == (kills + 1) / 2 { late = try await bed.watch(detector, from: "beginning") }
                }

                try await detector.waitForHeartbeats(rest)
                // Learned state survived the kills.
                #expect(try detector.nodes.filter { $0.samples >= 5 }.count > nodes * 2 / 3)
                // Nodes that have crashed by now are suspected. The others say goodbye.
                let crashed = try GroundTruth(csv: bed.contents("truth.csv")).times("crash").keys
                #expect(!crashed.isEmpty)
                try await subscriber.verdicts { verdicts in crashed.allSatisfy { verdicts[$0] == .suspected } }
                swarm.terminate()
                #expect(try await swarm.exit() == 0)
                let truth = try GroundTruth(csv: bed.contents("truth.csv"))
                let (crashes, leaves) = (truth.times("crash"), truth.times("leave"))
                #expect(crashes.count + leaves.count == nodes)
                try await subscriber.verdicts { verdicts in leaves.keys.allSatisfy { verdicts[$0] == .left } }
                for suspicion in subscriber.transitions where suspicion.to == .suspected {
                    let crash = try #require(crashes[suspicion.node], "\(suspicion.explanation)")
                    #expect(suspicion.place.at.unixNanoseconds > crash, "\(suspicion.explanation)")
                }

                detector.program.terminate()
                #expect(try await detector.program.exit() == 0)
                let kept = try StateStore.open(in: bed.path("state"), at: 0).found
                #expect(kept.warnings.isEmpty && kept.events.map(\.sequence) == Array(1...kept.lastSequence))
                let log = kept.events.map { String(decoding: $0.json, as: UTF8.self) }
                for subscriber in [subscriber, try #require(late)] {
                    try await subscriber.lines(log.count)
                    subscriber.terminate()
                    #expect(try await subscriber.exit() == 0)
                    let difference = zip(subscriber.output, log).first { $0 != $1 }
                    #expect(difference == nil && subscriber.output.count == log.count)
                }
                print("\(kills) kills, \(log.count) events")
            }
        }

        // MARK: groups

        @Test(Soak.groups.trait, .enabled(if: TestBed.hasPython, TestBed.withoutPython))
        func `suspicions in many small groups of unlike nodes are held back while all are frozen`() async throws {
            var random = try Soak.groups.random()
            try await TestBed.run { bed in
                let detector = try await bed.detector(["--level", "suspect=mistakes=1/100hb"], model: "adaptive")
                let watch = try await bed.watch(detector)
                // Three nodes per group, with intervals of 0.1 s, 0.5 to 1.2 s, and 1.5 s (10 s in the full form).
                let slowest = Soak.isFull ? "10" : "1.5"
                let nodes = try bed.python(
                    .own("small_groups"), detector.heartbeats, "20", "0.1",
                    "\(Double.random(in: 0.5...1.2, using: &random))", slowest)
                try await watch.events("trust", count: 60) { $0.transition?.to == .trusted }
                try await detector.waitForUptime(for: Soak.isFull ? 60 : 3)
                for _ in 1...(Soak.isFull ? 5 : 1) {
                    let before = watch.events.last
                    nodes.signal(SIGSTOP)
                    let begin = try await watch.notice("begins", after: before)
                    try await detector.waitForUptime(for: Double.random(in: 2...(Soak.isFull ? 15 : 3), using: &random))
                    nodes.signal(SIGCONT)
                    let end = try await watch.notice("released", after: before)
                    #expect(begin.group == nil && begin.numbers["heard"] == 0)
                    // No node is suspected during the hold.
                    let during = watch.suspicions.filter {
                        (begin.place.sequence...end.place.sequence).contains($0.place.sequence)
                    }
                    #expect(during.isEmpty)
                    try await detector.waitForUptime(for: Soak.isFull ? 20 : 1)
                }
            }
        }

        // MARK: cable

        /// The detector and its nodes run in two network namespaces with a virtual cable between them.
        @Test(
            Soak.cable.trait,
            .enabled(if: CutCable.isAllowed, "needs root, and ip of iproute2, to make network namespaces"))
        func `a detector whose cable is pulled and put back suspects no node`() async throws {
            var random = try Soak.cable.random()
            try await TestBed.run { bed in
                let cable = try CutCable()
                defer { cable.remove() }
                let program = try bed.phi(
                    after: cable.entering(.near),
                    ["detect", "--heartbeats", "tcp://\(CutCable.address):7710", "--level"]
                        + ["suspect=mistakes=1/1h,within=3s", "--control", "ipc://\(bed.path("control"))"])
                _ = try await program.note("ready") { $0.contains("message=ready") }
                let detector = RunningDetector(
                    program: program, heartbeats: "", events: "tcp://127.0.0.1:7711",
                    control: "ipc://\(bed.path("control"))")
                let watch = try bed.phi(
                    after: cable.entering(.near),
                    ["watch", "--json", "--for", "10m", "--from", detector.events, "--control", detector.control])
                _ = try await watch.note("up to date") { $0.hasPrefix("up to date") }
                for group in ["a", "b"] {
                    _ = try bed.phi(
                        after: cable.entering(.far),
                        ["swarm", "--to", "tcp://\(CutCable.address):7710", "--group", group, "--nodes", "100"])
                }
                try await watch.events("trust", count: 200) { $0.transition?.to == .trusted }
                for _ in 1...(Soak.isFull ? 10 : 1) {
                    let before = watch.events.last
                    cable.set(up: false)
                    try await watch.notice("begins", after: before)
                    let time = Double.random(in: 1...(Soak.isFull ? 20 : 2), using: &random)
                    try await detector.waitForUptime(for: time)
                    cable.set(up: true)
                    let end = try await watch.notice("released", after: before)
                    try await detector.waitForUptime(for: Soak.isFull ? 15 : 3)
                    let holds = watch.holds(after: before).prefix(2)
                    #expect(holds.map(\.code) == ["begins", "released"] && holds.allSatisfy { $0.group == nil })
                    #expect(end.numbers["seconds"] ?? 0 >= time)
                    #expect(watch.suspicions.map(\.explanation) == [])
                }
            }
        }
    }
}

extension RunningDetector {
    fileprivate var nodes: [NodesAnswer.Node] {
        get throws {
            var client = try ControlClient(endpoint: Endpoint(control))
            return try client.nodes(within: testTimeout)
        }
    }
    /// Returns once the detector has learned from `count` heartbeats since its start.
    fileprivate func waitForHeartbeats(_ count: Int64) async throws {
        try await eventually("\(count) heartbeats were received") {
            try status.heartbeats["fresh"] ?? 0 >= count
        }
    }
}
