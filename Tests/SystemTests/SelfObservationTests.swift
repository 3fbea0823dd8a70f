import Foundation
import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

extension SystemTests {
    @Suite struct `A detector that observes itself` {
        /// The default levels, and a level that suspects within seconds after the first heartbeats.
        static let levels: [[String]] = [[], ["--level", "suspect=mistakes=1/1h,within=3s"]]

        @Test(.tags(.slow), arguments: levels) func `suspects none of a thousand nodes after it was stopped`(
            levels: [String]
        ) async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector(levels, model: "adaptive")
                let watch = try await bed.watch(detector)
                _ = try await bed.swarm("load", of: 1000, to: detector, seenBy: watch)
                try await bed.stop(detector, for: [.seconds(4)], seenBy: watch)
                try await bed.expectNoSuspicion(by: watch, of: detector)
            }
        }

        @Test(.tags(.slow)) func `reports every stop, whatever it was doing`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector(Self.levels[1], model: "adaptive")
                let watch = try await bed.watch(detector)
                // Ten thousand heartbeats a second keep the detector busy for much of the time.
                _ = try await bed.swarm("load", of: 1000, every: "100ms", to: detector, seenBy: watch)
                for _ in 1...5 {
                    let before = watch.events.last
                    try await watch.expectStop(of: try await detector.program.freeze(for: .seconds(1)), after: before)
                    // The detector thread answers only after it has reported the stop. Before that, it would not notice
                    // another one.
                    _ = try detector.status
                }
                try await bed.expectNoSuspicion(by: watch, of: detector)
            }
        }

        @Test(.enabled(if: TestBed.hasPython, TestBed.withoutPython))
        func `receives a flood of heartbeats that one node sent while it was stopped`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let watch = try await bed.watch(detector)
                let count: Int64 = 30_000
                let eager = try bed.python(.own("eager_node"), detector.heartbeats, "eager", "\(count)")
                try await watch.transition(of: "eager", to: .trusted)
                detector.program.signal(SIGSTOP)
                eager.signal(SIGUSR1)
                #expect(try await eager.line("that all is sent") == "sent")
                detector.program.signal(SIGCONT)
                // How many heartbeats it learns from, and how many only advance the node's sequence number, depends
                // on how fast it reads them.
                try await eventually("all heartbeats were received") {
                    try detector.status.heartbeats.values.reduce(0, +) >= count + 5
                }
                let status = try await bed.status(of: detector)
                let (fresh, coalesced) = (
                    status.service.heartbeats["fresh"] ?? 0, status.service.heartbeats["coalesced"] ?? 0
                )
                #expect(fresh >= 5 && fresh + coalesced == count + 5, "\(status.service.heartbeats)")
                let node = try #require(status.nodes.first)
                #expect(node.missing == 0 && node.sequence == UInt32(count + 4))
            }
        }

        @Test(.tags(.slow)) func `holds back suspicions while all heartbeats are cut, and suspects no node`()
            async throws
        {
            try await TestBed.run { bed in
                let detector = try await bed.detector(Self.levels[1], model: "adaptive")
                let watch = try await bed.watch(detector)
                var swarms: [RunningProgram] = []
                for group in ["a", "b"] {
                    swarms.append(try await bed.swarm(group, of: 500, to: detector, seenBy: watch))
                }
                let before = watch.events.last
                for swarm in swarms { swarm.signal(SIGSTOP) }
                try await watch.notice("begins", after: before)
                try await detector.waitForUptime(for: 5)
                for swarm in swarms { swarm.signal(SIGCONT) }
                let end = try await watch.notice("released", after: before)
                let (held, silent) = (end.numbers["seconds"] ?? 0, end.numbers["silence_seconds"] ?? 0)
                #expect(held >= 5 && silent > held, "\(end)")
                try await detector.waitForUptime(for: 5)
                try await bed.expectNoSuspicion(by: watch, of: detector)
                let holds = watch.holds(after: before).prefix(2)
                #expect(holds.map(\.code) == ["begins", "released"], "\(holds.map(\.explanation))")
                #expect(holds.allSatisfy { $0.group == nil && $0.numbers["nodes"] ?? 0 >= 1000 })
                #expect(holds.first?.numbers["overdue"] ?? 0 > 30 && holds.first?.numbers["heard"] == 0)
            }
        }

        @Test(.tags(.slow)) func `suspects a group that died when its hold ends, and no other node`() async throws {
            try await TestBed.run { bed in
                try bed.write("hold: {max_duration: 5s}", to: "phi.yaml")
                let detector = try await bed.detector(Self.levels[1] + ["--config", "phi.yaml"], model: "adaptive")
                let watch = try await bed.watch(detector)
                let dies = try await bed.swarm("dies", of: 300, to: detector, seenBy: watch)
                _ = try await bed.swarm("lives", of: 300, to: detector, seenBy: watch)
                let before = watch.events.last
                dies.crash()
                let suspicions = try await watch.events("suspicion", count: 300) { $0.transition?.to == .suspected }
                    .compactMap(\.transition)
                let holds = watch.holds(after: before).filter { $0.group != "lives" }
                #expect(holds.map(\.code) == ["begins", "expired"], "\(holds.map(\.explanation))")
                #expect(holds.allSatisfy { $0.group == "dies" && $0.numbers["nodes"] == 300 })
                let (begins, end) = (try #require(holds.first), try #require(holds.last))
                // It ends on time, or later if the detector was paused itself. `HoldTests` checks the exact instant.
                #expect(end.numbers["seconds"] ?? 0 >= 5)
                for suspicion in suspicions {
                    #expect(suspicion.group == "dies" && suspicion.place.sequence > end.place.sequence)
                    #expect(suspicion.place.at >= end.place.at)
                    // The kernel closed the connection of the killed process.
                    #expect(suspicion.disconnectedSeconds ?? 0 > 0)
                    #expect(suspicion.explanation.contains("The node's connection closed"))
                }
                #expect(begins.place.sequence < end.place.sequence)
                try await detector.waitForUptime(for: 3)
                #expect(watch.suspicions.count == 300)
            }
        }
    }
}

extension TestBed {
    /// Stops the detector several times. After each stop it must report it, and then runs for six more seconds.
    func stop(
        _ detector: RunningDetector, for times: [Duration], seenBy watch: RunningProgram
    ) async throws {
        for time in times {
            let before = watch.events.last
            try await watch.expectStop(of: try await detector.program.freeze(for: time), after: before)
            try await detector.waitForUptime(for: 6)
        }
    }
}

extension RunningProgram {
    /// Expects a notice of a stop of at least `seconds`, less 0.11 s.
    func expectStop(of seconds: Double, after earlier: EventMessage?) async throws {
        // The detector wakes ten times a second, and does not know when within such a period the stop began.
        let stop = try await events("stop of \(seconds) s") { event in
            guard let notice = event.notice, notice.code == "detector-paused" else { return false }
            return notice.place.sequence > earlier?.place.sequence ?? 0
                && notice.numbers["seconds"] ?? 0 > seconds - 0.11
        }.first
        // The stop began after the detector decided on the earlier event.
        guard let stop, let earlier else { return }
        let since = Double(stop.place.at.unixNanoseconds - earlier.place.at.unixNanoseconds) / 1e9
        #expect(stop.notice?.numbers["seconds"] ?? 0 < since + 0.01)
    }

    /// Hold notices with a sequence number above that of `earlier`. A starved program may cause some before it.
    func holds(after earlier: EventMessage?) -> [NoticeMessage] {
        events.compactMap(\.notice).filter { $0.kind == .hold && $0.place.sequence > earlier?.place.sequence ?? 0 }
    }
}

extension TestBed {
    /// Starts nodes and waits until level `suspect` trusts all of them.
    func swarm(
        _ group: String, of count: Int, every interval: String = "1s", to detector: RunningDetector,
        seenBy watch: RunningProgram
    ) async throws -> RunningProgram {
        let swarm = try phi(
            "swarm", "--to", detector.heartbeats, "--group", group, "--nodes", "\(count)", "--every", interval,
            "--for", "10m")
        try await watch.events("trust", count: count) { event in
            event.transition.map { $0.group == group && $0.to == .trusted && $0.level == "suspect" } ?? false
        }
        return swarm
    }

    /// Expects that no node was suspected up to now. Events are ordered: the event of a new node, started here, comes
    /// after every earlier suspicion.
    func expectNoSuspicion(by watch: RunningProgram, of detector: RunningDetector) async throws {
        let newNode = UUID().uuidString
        let node = try beat(newNode, to: detector)
        try await watch.transition(of: newNode, to: .learning)
        #expect(watch.suspicions.map { "\($0.group)/\($0.node) \($0.explanation)" }.prefix(10) == [])
        node.terminate()
    }
}
