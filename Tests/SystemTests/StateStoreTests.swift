import Foundation
import HeartbeatProtocol
import PhiAccrual
import PhiClient
import StateStore
import TestSupport
import Testing
import ZeroMQ

extension SystemTests {
    @Suite struct `A detector with a state store` {
        @Test func `restores operator changes after a kill, and suspects nodes that died meanwhile in the usual time`()
            async throws
        {
            try await TestBed.run { bed in
                let first = try await bed.persistentDetector()
                let watch = try await bed.watch(first, from: "beginning")
                let nodes = try ["dead", "resting", "living"].map { try bed.beat($0, to: first, every: "100ms") }
                for node in ["dead", "resting", "living"] { try await watch.transition(of: node, to: .trusted) }
                for arguments in [
                    ["tune", "suspect=phi=6", "--node", "lab/dead"],
                    ["pause", "lab/resting", "--for", "1h", "--reason", "new disk"],
                ] {
                    let command = try bed.phi(arguments + ["--control", first.control])
                    #expect(try await command.exit() == 0, "\(command.errors)")
                }
                first.program.crash()
                _ = try await first.program.exit()
                for node in nodes.prefix(2) {
                    node.crash()
                    _ = try await node.exit()
                }

                let second = try await bed.persistentDetector()
                let start = Date.now.timeIntervalSince1970
                let suspicion = try await watch.transition(of: "dead", to: .suspected)
                #expect(suspicion.threshold.policy == "phi=6" && suspicion.threshold.origin == "tune, node lab/dead")
                // Five seconds to reconnect plus the usual timeout; longer only if the detector was paused itself.
                let waited = Double(suspicion.place.at.unixNanoseconds) / 1e9 - start
                let wasStopped = try await second.wasStopped(seenBy: watch)
                #expect(waited < 5 + (suspicion.threshold.seconds ?? 0) || wasStopped)
                let resting: ExplainAnswer = try second.request(
                    .explain(NodeIdentity(group: "lab", name: "resting")))
                #expect(resting.pause?.reason == "new disk" && (resting.pause?.secondsLeft ?? 0) > 3500)
                #expect(watch.transitions.filter { $0.to == .suspected } == [suspicion])
            }
        }

        @Test func `keeps its learned state over a restart`() async throws {
            try await TestBed.run { bed in
                let first = try await bed.persistentDetector()
                let watch = try await bed.watch(first, from: "beginning")
                let node = try bed.beat("node", to: first, every: "50ms")
                try await watch.transition(of: "node", to: .trusted)
                var samples = 0
                try await eventually("30 heartbeats were learned from") {
                    samples = try await bed.status(of: first).nodes.first?.samples ?? 0
                    return samples >= 30
                }
                node.crash()
                first.program.terminate()
                #expect(try await first.program.exit() == 0)
                let second = try await bed.persistentDetector()
                let known = try #require(try await bed.status(of: second).nodes.first)
                #expect(known.samples >= samples && known.levels["suspect"]?.state == "trusted")
            }
        }

        @Test func `warns about a damaged database, and starts with a new one`() async throws {
            try await TestBed.run { bed in
                let first = try await bed.persistentDetector()
                first.program.terminate()
                #expect(try await first.program.exit() == 0)
                try bed.write(String(repeating: "no database ", count: 1000), to: "state/phi.sqlite")
                let second = try await bed.persistentDetector()
                #expect(second.program.errors.contains { $0.contains("level=warning") && $0.contains("was damaged") })
                let watch = try await bed.watch(second, from: "beginning")
                _ = try bed.beat("node", to: second)
                try await watch.transition(of: "node", to: .trusted)
            }
        }

        @Test func `refuses a folder that another detector uses, and names its process`() async throws {
            try await TestBed.run { bed in
                let first = try await bed.persistentDetector()
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
            func `continues without persistence on a full disk, and reports it`() async throws {
                try await TestBed.run { bed in
                    let disk = try #require(SmallDisk(at: bed.path("disk"), mebibytes: 4))
                    func start() async throws -> RunningDetector {
                        try await bed.persistentDetector(in: "disk/state")
                    }
                    let first = try await start()
                    let watch = try await bed.watch(first, from: "beginning")
                    let node = try bed.beat("node", to: first)
                    try await watch.transition(of: "node", to: .trusted)
                    disk.fill()
                    try await first.tuneUntilStoreIsLost()
                    _ = try await first.program.note("the loss") { $0.contains("level=error") && $0.contains("full") }
                    #expect(
                        try await bed.text(of: "status", at: first).contains {
                            $0.contains("persistence disabled")
                        })
                    let notice = try await watch.storeLoss()
                    #expect(notice.explanation.contains("full"))
                    node.terminate()
                    let last = try await watch.transition(of: "node", to: .left)
                    #expect(watch.events.map(\.place.sequence) == Array(1...last.place.sequence))

                    // A restart succeeds while the disk is still full, again without persistence.
                    first.program.crash()
                    _ = try await first.program.exit()
                    let second = try await start()
                    _ = try await second.program.note("the loss") { $0.contains("level=error") }
                    #expect(try await watch.storeLoss(after: last.place.epoch).place.sequence == 1)
                    second.program.terminate()
                    #expect(try await second.program.exit() == 0)

                    disk.makeRoom()
                    let third = try await start()
                    #expect(third.program.errors.contains { $0.contains("started a new event log") })
                    #expect(try await bed.status(of: third).service.stateStore?.lost == nil)
                }
            }
        #endif
    }
}

extension TestBed {
    /// A detector that persists its state in a folder of the test, always on the same endpoints.
    func persistentDetector(in folder: String = "state", floor: Double = 2) async throws -> RunningDetector {
        let places = ["h", "e", "c"].map { "ipc://\(path($0))" }
        return try await detector(
            "--detector", "normal,floor=\(floor)", "--join-within", "5s", "--state", path(folder),
            heartbeats: places[0],
            events: places[1],
            control: places[2])
    }
    func watch(_ detector: RunningDetector, from start: String) async throws -> RunningProgram {
        let watch = try phi(
            "watch", "--json", "--from", detector.events, "--control", detector.control, "--start", start, "--for",
            "10m")
        _ = try await watch.note("up to date") { $0.hasPrefix("up to date") }
        return watch
    }
    fileprivate func text(of command: String..., at detector: RunningDetector) async throws -> [String] {
        let program = try phi(command + ["--control", detector.control])
        _ = try await program.exit()
        return program.output
    }
}

extension RunningDetector {
    fileprivate func tuneUntilStoreIsLost() async throws {
        try await eventually("persistence is disabled") {
            try tune(Array(repeating: .phi(9), count: 100))
            return try status.stateStore?.lost != nil
        }
    }
    /// Sets policies one after the other, then sends `last` without waiting for its answer.
    func tune(_ policies: [Policy], andThen last: Policy? = nil) throws {
        var client = try ControlClient(endpoint: Endpoint(control))
        for policy in policies {
            let _: TuneAnswer = try client.request(.tune(.everyone(policy)), within: testTimeout)
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
    /// Waits until the last printed verdict of each node satisfies a condition.
    func verdicts(_ areWanted: ([String: Verdict]) -> Bool) async throws {
        _ = try await events { events in
            let last = Dictionary(events.compactMap(\.transition).map { ($0.node, $0.to) }, uniquingKeysWith: { $1 })
            return areWanted(last) ? true : nil
        }
    }
    /// The notice that the state store was lost, in a log later than `epoch`.
    fileprivate func storeLoss(after epoch: UInt64 = 0) async throws -> NoticeMessage {
        try await events { events in
            events.compactMap(\.notice).first { $0.code == "state-store-lost" && $0.place.epoch > epoch }
        }
    }
}
