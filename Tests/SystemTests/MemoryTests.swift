import Foundation
import HeartbeatProtocol
import PhiAccrual
import PhiClient
import StateStore
import TestSupport
import Testing
import ZeroMQ

extension SystemTests {
    @Suite struct `A detector with a memory` {
        /// How often it is killed; fewer times by the environment, for who is in a hurry.
        private static let kills = ProcessInfo.processInfo.environment["TEST_KILLS"].flatMap { Int($0) } ?? 50

        @Test func `that is killed again and again loses and repeats no event, and suspects nobody for it`()
            async throws
        {
            try await TestBed.run { bed in
                var random = SplitMix64(seed: 4)
                var detector = try await bed.rememberingDetector()
                let subscriber = try await bed.watch(detector, from: "beginning")
                var late: RunningProgram?
                let swarm = try bed.phi(
                    "swarm", "--to", detector.heartbeats, "--nodes", "1000", "--every", "1s", "--crash", "200", "--for",
                    "200s", "--seed", "4", "--truth", "truth.csv")
                var answered: Policy?
                var restarts: [Duration] = []

                for kill in 1...Self.kills {
                    // Now in the midst of joining nodes, now while it is quiet, now before it heard of anybody.
                    let heartbeats = Int64.random(in: 0...1000, using: &random)
                    let orders = Int.random(in: 1...8, using: &random)
                    try detector.waitForHeartbeats(heartbeats)
                    let policies = (1...orders).map { Policy.phi(8 + Double(kill) / 1000 + Double($0) / 100_000) }
                    // The last order is under way while it is killed: it is carried out and told, or neither.
                    try detector.tune(policies, andThen: .phi(9))
                    answered = policies.last
                    detector.program.crash()
                    #expect(try await detector.program.exit() == 128 + SIGKILL)
                    let start = ContinuousClock.now
                    detector = try await bed.rememberingDetector()
                    restarts.append(ContinuousClock.now - start)
                    let now: PoliciesAnswer = try detector.request(.policies(of: nil))
                    let holding = now.overrides.map(\.policy)
                    #expect([[answered.map { "\($0)" }], ["phi=9"]].contains(holding))
                    if kill == Self.kills / 2 { late = try await bed.watch(detector, from: "beginning") }
                }

                // Longer than anybody may be silent after a restart.
                while try await bed.heartbeats(at: detector) < 10_000 {}
                // What it learned outlived it.
                #expect(try detector.nodes.filter { $0.samples >= 5 }.count > 900)
                // Those who crashed by now are suspected. The others say goodbye.
                let crashed = try Truth(csv: bed.contents("truth.csv")).times("crash").keys
                #expect(!crashed.isEmpty)
                try await subscriber.verdicts { verdicts in crashed.allSatisfy { verdicts[$0] == .suspected } }
                swarm.terminate()
                #expect(try await swarm.exit() == 0)
                let truth = try Truth(csv: bed.contents("truth.csv"))
                let (crashes, leaves) = (truth.times("crash"), truth.times("leave"))
                #expect(crashes.count + leaves.count == 1000)
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
                restarts.sort()
                print(
                    "\(Self.kills) kills, \(log.count) events, each restart until ready: median",
                    restarts[restarts.count / 2], "longest", restarts.last ?? .zero)
            }
        }

        @Test func `keeps over a kill what it was told, and suspects who died meanwhile within the usual time`()
            async throws
        {
            try await TestBed.run { bed in
                let first = try await bed.rememberingDetector()
                let watch = try await bed.watch(first, from: "beginning")
                let nodes = try ["dead", "resting", "living"].map { try bed.beat($0, to: first, every: "100ms") }
                for node in ["dead", "resting", "living"] { try await watch.transition(of: node, to: .trusted) }
                for arguments in [
                    ["tune", "suspect=phi=6", "--node", "lab/dead"],
                    ["pause", "lab/resting", "--for", "1h", "--reason", "new disk"],
                ] {
                    let order = try bed.phi(arguments + ["--control", first.control])
                    #expect(try await order.exit() == 0, "\(order.errors)")
                }
                first.program.crash()
                _ = try await first.program.exit()
                for node in nodes.prefix(2) {
                    node.crash()
                    _ = try await node.exit()
                }

                let second = try await bed.rememberingDetector()
                let start = Date.now.timeIntervalSince1970
                let suspicion = try await watch.transition(of: "dead", to: .suspected)
                #expect(suspicion.threshold.policy == "phi=6" && suspicion.threshold.origin == "tune, node lab/dead")
                let waited = Double(suspicion.place.at.unixNanoseconds) / 1e9 - start
                #expect(waited < 5 + (suspicion.threshold.seconds ?? 0) + 0.1)
                let resting: ExplainAnswer = try second.request(
                    .explain(NodeIdentity(group: "lab", name: "resting")))
                #expect(resting.pause?.reason == "new disk" && (resting.pause?.secondsLeft ?? 0) > 3500)
                #expect(watch.transitions.filter { $0.to == .suspected } == [suspicion])
            }
        }

        @Test func `is warm after its restart`() async throws {
            try await TestBed.run { bed in
                let first = try await bed.rememberingDetector()
                let watch = try await bed.watch(first, from: "beginning")
                let node = try bed.beat("node", to: first, every: "50ms")
                try await watch.transition(of: "node", to: .trusted)
                var samples = 0
                while samples < 30 { samples = try await bed.status(of: first).nodes.first?.samples ?? 0 }
                node.crash()
                first.program.terminate()
                #expect(try await first.program.exit() == 0)
                let second = try await bed.rememberingDetector()
                let known = try #require(try await bed.status(of: second).nodes.first)
                #expect(known.samples >= samples && known.levels["suspect"]?.state == "trusted")
            }
        }

        @Test func `of which the file is damaged says so, and begins anew`() async throws {
            try await TestBed.run { bed in
                let first = try await bed.rememberingDetector()
                first.program.terminate()
                #expect(try await first.program.exit() == 0)
                try bed.write(String(repeating: "no database ", count: 1000), to: "state/phi.sqlite")
                let second = try await bed.rememberingDetector()
                #expect(second.program.errors.contains { $0.contains("level=warning") && $0.contains("was damaged") })
                let watch = try await bed.watch(second, from: "beginning")
                _ = try bed.beat("node", to: second)
                try await watch.transition(of: "node", to: .trusted)
            }
        }

        @Test func `does not begin beside another one on the same folder, and says which`() async throws {
            try await TestBed.run { bed in
                let first = try await bed.rememberingDetector()
                let free = "tcp://127.0.0.1:*"
                let second = try bed.phi(
                    "detect", "--state", bed.path("state"), "--heartbeats", free, "--events", free, "--control", free)
                #expect(try await second.exit() == 2)
                let owner = try bed.contents("state/lock").trimmingCharacters(in: .newlines)
                #expect(second.errors.count == 1 && second.errors[0].contains("in use by process \(owner)"))
                #expect(second.output.isEmpty)
                _ = try await bed.status(of: first)
            }
        }

        #if os(Linux)
            @Test(.enabled(if: SmallDisk.mayMount, "only root may make a small disk"))
            func `on a disk that fills up goes on without it, and says so`() async throws {
                try await TestBed.run { bed in
                    let disk = try #require(SmallDisk(at: bed.path("disk"), mebibytes: 4))
                    func start() async throws -> RunningDetector {
                        try await bed.rememberingDetector(in: "disk/state")
                    }
                    let first = try await start()
                    let watch = try await bed.watch(first, from: "beginning")
                    let node = try bed.beat("node", to: first)
                    try await watch.transition(of: "node", to: .trusted)
                    disk.fill()
                    try first.tuneUntilMemoryIsLost()
                    _ = try await first.program.note("the loss") { $0.contains("level=error") && $0.contains("full") }
                    #expect(
                        try await bed.text(of: "status", at: first).contains {
                            $0.contains("remembers nothing any more")
                        })
                    let notice = try await watch.memoryLoss()
                    #expect(notice.explanation.contains("full"))
                    node.terminate()
                    let last = try await watch.transition(of: "node", to: .left)
                    #expect(watch.events.map(\.place.sequence) == Array(1...last.place.sequence))

                    // Not even while it is still full.
                    first.program.crash()
                    _ = try await first.program.exit()
                    let second = try await start()
                    _ = try await second.program.note("the loss") { $0.contains("level=error") }
                    #expect(try await watch.memoryLoss(after: last.place.epoch).place.sequence == 1)
                    second.program.terminate()
                    #expect(try await second.program.exit() == 0)

                    disk.makeRoom()
                    let third = try await start()
                    #expect(third.program.errors.contains { $0.contains("a new log of events begins") })
                    #expect(try await bed.status(of: third).service.memory?.lost == nil)
                }
            }
        #endif
    }
}

/// Long enough for a machine under load; no test waits for it unless it fails.
private let patience: Duration = .seconds(60)

extension TestBed {
    /// A detector that remembers in the test's folder, always on the same endpoints.
    fileprivate func rememberingDetector(in folder: String = "state") async throws -> RunningDetector {
        let places = ["h", "e", "c"].map { "ipc://\(path($0))" }
        return try await detector(
            "--detector", "normal,floor=0.5", "--join-within", "5s", "--state", path(folder), heartbeats: places[0],
            events: places[1],
            control: places[2])
    }
    fileprivate func watch(_ detector: RunningDetector, from start: String) async throws -> RunningProgram {
        let watch = try phi(
            "watch", "--json", "--from", detector.events, "--control", detector.control, "--start", start, "--for",
            "10m")
        _ = try await watch.note("in step") { $0.hasPrefix("in step") }
        return watch
    }
    /// How many were taken in, of which the question takes its time.
    fileprivate func heartbeats(at detector: RunningDetector) async throws -> Int64 {
        let status = try await text(of: "status", "--json", at: detector)
        return try JSONDecoder().decode(StatusReport.self, from: Data(status.joined().utf8)).service
            .heartbeats["fresh"] ?? 0
    }
    fileprivate func text(of command: String..., at detector: RunningDetector) async throws -> [String] {
        let program = try phi(command + ["--control", detector.control])
        _ = try await program.exit()
        return program.output
    }
}

// A client is of one thread, which a test that waits is not.
extension RunningDetector {
    fileprivate func request<Answer: Codable & Sendable>(_ order: DetectorRequest) throws -> Answer {
        var client = try ControlClient(endpoint: Endpoint(control))
        return try client.request(order, within: patience)
    }
    fileprivate var status: StatusAnswer { get throws { try request(.status) } }
    fileprivate var nodes: [NodesAnswer.Node] {
        get throws {
            var client = try ControlClient(endpoint: Endpoint(control))
            return try client.nodes(within: patience)
        }
    }
    fileprivate func waitForHeartbeats(_ count: Int64) throws {
        var client = try ControlClient(endpoint: Endpoint(control))
        while try client.status(within: patience).heartbeats["fresh"] ?? 0 < count {}
    }
    fileprivate func tuneUntilMemoryIsLost() throws {
        while try status.memory?.lost == nil { try tune(Array(repeating: .phi(9), count: 100)) }
    }
    /// Sets policies one after the other, and another one without waiting for its answer.
    fileprivate func tune(_ policies: [Policy], andThen last: Policy? = nil) throws {
        var client = try ControlClient(endpoint: Endpoint(control))
        for policy in policies {
            let _: TuneAnswer = try client.request(.tune(.everyone(policy)), within: patience)
        }
        if let last { _ = try? client.request(.tune(.everyone(last)), within: .zero) as TuneAnswer }
    }
}

extension TuneRequest {
    fileprivate static func everyone(_ policy: Policy) -> TuneRequest {
        TuneRequest(level: "suspect", policy: policy, scope: .everyone)
    }
}

extension RunningProgram {
    /// Waits until the last verdicts by node that it printed are as wanted.
    fileprivate func verdicts(_ areWanted: ([String: Verdict]) -> Bool) async throws {
        _ = try await events { events in
            let last = Dictionary(events.compactMap(\.transition).map { ($0.node, $0.to) }, uniquingKeysWith: { $1 })
            return areWanted(last) ? true : nil
        }
    }
    /// The word that nothing is remembered any more, in a later log than that of `epoch`.
    fileprivate func memoryLoss(after epoch: UInt64 = 0) async throws -> NoticeMessage {
        try await events { events in
            events.compactMap(\.notice).first { $0.code == "memory-lost" && $0.place.epoch > epoch }
        }
    }
}
