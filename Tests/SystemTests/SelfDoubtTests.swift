import Foundation
import HeartbeatProtocol
import PhiAccrual
import Testing

extension SystemTests {
    @Suite struct `A detector that doubts itself` {
        /// The default levels, and one that suspects within seconds of the first heartbeats.
        static let levels: [[String]] = [[], ["--level", "suspect=mistakes=1/1h,within=3s"]]
        /// Whether what takes minutes is to be tested too.
        static let isPatient = ProcessInfo.processInfo.environment["PHI_LONG_TESTS"] != nil

        @Test(arguments: levels) func `suspects nobody of a thousand nodes after it was stopped`(
            levels: [String]
        ) async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector(levels, model: "adaptive")
                let watch = try await bed.watch(detector)
                _ = try await bed.swarm("load", of: 1000, to: detector, seenBy: watch)
                for seconds in Self.isPatient ? [2, 8, 30] : [2, 8] {
                    let before = watch.events.last
                    detector.program.signal(SIGSTOP)
                    try await bed.pass(seconds: seconds)
                    detector.program.signal(SIGCONT)
                    let stop = try await watch.notice("stopped", after: before)
                    let said = try #require(stop.numbers["seconds"])
                    #expect(said > Double(seconds) - 0.5 && said < Double(seconds) + 5)
                    try await bed.pass(seconds: 8)
                }
                try await bed.expectNobodySuspected(by: watch, of: detector)
            }
        }

        @Test func `notices every stop, whatever it was at`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector(Self.levels[1], model: "adaptive")
                let watch = try await bed.watch(detector)
                // Ten thousand heartbeats a second keep it at work for much of the time.
                _ = try await bed.swarm("load", of: 1000, every: "100ms", to: detector, seenBy: watch)
                for _ in 1...8 {
                    let before = watch.events.last
                    detector.program.signal(SIGSTOP)
                    try await bed.pass(seconds: 1)
                    detector.program.signal(SIGCONT)
                    try await watch.events("stop of a second") { event in
                        guard let notice = event.notice, notice.code == "stopped" else { return false }
                        return event.place.sequence > before?.place.sequence ?? 0
                            && notice.numbers["seconds"] ?? 0 > 0.9
                    }
                }
                try await bed.expectNobodySuspected(by: watch, of: detector)
            }
        }

        @Test(.enabled(if: TestBed.hasPython, TestBed.withoutPython))
        func `takes a flood of one node as few heartbeats, and misses none`() async throws {
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
                var status = try await bed.status(of: detector)
                while status.service.heartbeats.values.reduce(0, +) < count + 5 {
                    status = try await bed.status(of: detector)
                }
                #expect(status.service.heartbeats["coalesced"] ?? 0 > count / 2, "\(status.service.heartbeats)")
                #expect(status.service.heartbeats["fresh"] ?? 0 > 5)
                let node = try #require(status.nodes.first)
                #expect(node.missing == 0 && node.sequence == UInt32(count + 4))
            }
        }

        @Test func `holds suspicions back while all heartbeats are cut, and suspects nobody`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector(Self.levels[1], model: "adaptive")
                let watch = try await bed.watch(detector)
                var swarms: [RunningProgram] = []
                for group in ["a", "b"] {
                    swarms.append(try await bed.swarm(group, of: 500, to: detector, seenBy: watch))
                }
                let before = watch.events.last
                for swarm in swarms { swarm.signal(SIGSTOP) }
                try await bed.pass(seconds: 10)
                for swarm in swarms { swarm.signal(SIGCONT) }
                let end = try await watch.notice("released", after: before)
                #expect(end.numbers["seconds"] ?? 0 > 5 && end.numbers["silence_seconds"] ?? 0 > 9)
                try await bed.pass(seconds: 10)
                try await bed.expectNobodySuspected(by: watch, of: detector)
                let holds = watch.holds(after: before)
                #expect(holds.map(\.code) == ["begins", "released"], "\(holds.map(\.explanation))")
                #expect(holds.allSatisfy { $0.group == nil && $0.numbers["nodes"] ?? 0 >= 1000 })
                #expect(holds.first?.numbers["overdue"] ?? 0 > 30 && holds.first?.numbers["heard"] == 0)
            }
        }

        @Test func `suspects a group that died when its hold ends, and nobody else`() async throws {
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
                #expect(abs((end.numbers["seconds"] ?? 0) - 5) < 0.01)
                for suspicion in suspicions {
                    #expect(suspicion.group == "dies" && suspicion.place.sequence > end.place.sequence)
                    #expect(suspicion.place.at >= end.place.at)
                    // The killed processes' connection was closed for them, before anybody was overdue.
                    #expect(suspicion.disconnectedSeconds ?? 0 > 5)
                    #expect(suspicion.explanation.contains("Its connection closed"))
                }
                #expect(begins.place.sequence < end.place.sequence)
                try await bed.pass(seconds: 3)
                #expect(watch.suspicions.count == 300)
            }
        }

        @Test(.enabled(if: TestBed.hasPython, TestBed.withoutPython))
        func `holds back what many small groups of unlike nodes would be suspected for`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector(["--level", "suspect=mistakes=1/100hb"], model: "adaptive")
                let watch = try await bed.watch(detector)
                // Groups of three: every 100 ms, every second or so, and every few seconds.
                let slowest = Self.isPatient ? "10" : "3"
                let nodes = try bed.python(.own("small_groups"), detector.heartbeats, "20", "0.1", "1", slowest)
                try await watch.events("trust", count: 60) { $0.transition?.to == .trusted }
                try await bed.pass(seconds: Self.isPatient ? 60 : 15)
                let (before, mistakes) = (watch.events.last, watch.suspicions.count)  // mistakes that were asked for
                nodes.signal(SIGSTOP)
                try await bed.pass(seconds: 10)
                nodes.signal(SIGCONT)
                let end = try await watch.notice("released", after: before)
                let begin = try #require(watch.holds(after: before).first)
                #expect(begin.group == nil && begin.numbers["heard"] == 0)
                // Between beginning and end nobody is suspected.
                let during = watch.suspicions.filter {
                    (begin.place.sequence...end.place.sequence).contains($0.place.sequence)
                }
                #expect(during.isEmpty)
                #expect(mistakes < 20, "so many mistakes were not asked for")
            }
        }
    }
}

extension RunningProgram {
    /// Beginnings and ends of holds that it printed after another event. A program that was starved may cause some before.
    fileprivate func holds(after earlier: EventMessage?) -> [NoticeMessage] {
        events.compactMap(\.notice).filter { $0.kind == .hold && $0.place.sequence > earlier?.place.sequence ?? 0 }
    }
}

extension TestBed {
    /// Nodes that are beating, once all of them are trusted at the first level.
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

    /// Returns after some time, measured by a program like the others.
    func pass(seconds: Int) async throws {
        // In parts, since programs are waited for only so long.
        for start in stride(from: 0, to: seconds, by: 30) {
            let clock = try phi(
                "beat", "--to", "tcp://127.0.0.1:9", "--group", "lab", "--node", "clock", "--for",
                "\(min(30, seconds - start))s")
            #expect(try await clock.exit() == 0)
        }
    }

    /// Nobody was, up to now: whoever has heard of a newcomer has heard of everybody who was suspected before.
    func expectNobodySuspected(by watch: RunningProgram, of detector: RunningDetector) async throws {
        let newNode = UUID().uuidString
        let node = try beat(newNode, to: detector)
        try await watch.transition(of: newNode, to: .learning)
        #expect(watch.suspicions.map { "\($0.group)/\($0.node) \($0.explanation)" }.prefix(10) == [])
        node.terminate()
    }
}

extension SystemTests {
    /// A cable that is pulled: two network namespaces of the test's own, and a virtual cable between them.
    @Suite(.enabled(if: CutCable.isAllowed, "needs root, and ip of iproute2, to make network namespaces"))
    struct `A detector whose cable is pulled` {
        @Test func `suspects nobody when it is put back after ten seconds`() async throws {
            try await TestBed.run { bed in
                let cable = try CutCable()
                defer { cable.remove() }
                let detector = try bed.phi(
                    after: cable.entering(.near),
                    ["detect", "--heartbeats", "tcp://\(CutCable.address):7710", "--level"]
                        + ["suspect=mistakes=1/1h,within=3s"])
                _ = try await detector.note("ready") { $0.contains("message=ready") }
                let watch = try bed.phi(after: cable.entering(.near), ["watch", "--json", "--for", "5m"])
                _ = try await watch.note("in step") { $0.hasPrefix("in step") }
                for group in ["a", "b"] {
                    _ = try bed.phi(
                        after: cable.entering(.far),
                        ["swarm", "--to", "tcp://\(CutCable.address):7710", "--group", group, "--nodes", "100"])
                }
                try await watch.events("trust", count: 200) { $0.transition?.to == .trusted }
                let before = watch.events.last
                cable.set(up: false)
                try await bed.pass(seconds: 10)
                cable.set(up: true)
                let end = try await watch.notice("released", after: before)
                try await bed.pass(seconds: 10)
                let holds = watch.holds(after: before)
                #expect(holds.map(\.code) == ["begins", "released"] && holds.allSatisfy { $0.group == nil })
                #expect(end.numbers["silence_seconds"] ?? 0 > 9)
                #expect(watch.suspicions.map(\.explanation) == [])
            }
        }
    }
}

/// Two network namespaces with a cable between them.
private struct CutCable {
    enum End: String { case near, far }
    /// Of the near end.
    static let address = "10.213.7.1"
    private let name = "phi\(UInt16.random(in: .min ... .max))"

    static let isAllowed: Bool = {
        let name = "phi-try-\(ProcessInfo.processInfo.processIdentifier)"
        defer { run("netns", "del", name) }
        return getuid() == 0 && run("netns", "add", name)
    }()

    init() throws {
        for end in [End.near, .far] { try #require(Self.run("netns", "add", space(end))) }
        try #require(
            Self.run(
                "link", "add", "cable", "netns", space(.near), "type", "veth", "peer", "cable", "netns", space(.far)))
        for (end, address) in [(End.near, Self.address), (.far, "10.213.7.2")] {
            for command in [["addr", "add", "\(address)/30", "dev", "cable"], ["link", "set", "cable", "up"]]
                + [["link", "set", "lo", "up"]]
            { try #require(Self.run(["-n", space(end)] + command)) }
        }
    }

    func remove() { for end in [End.near, .far] { Self.run("netns", "del", space(end)) } }
    func set(up isUp: Bool) { Self.run("-n", space(.near), "link", "set", "cable", isUp ? "up" : "down") }
    /// What a shell does to run a program there in its own place.
    func entering(_ end: End) -> String { "exec ip netns exec \(space(end)) \"$0\" \"$@\"" }

    private func space(_ end: End) -> String { "\(name)-\(end.rawValue)" }

    @discardableResult
    private static func run(_ arguments: String...) -> Bool { run(arguments) }
    private static func run(_ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["ip"] + arguments
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
