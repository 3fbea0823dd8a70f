import Foundation
import HeartbeatProtocol
import TestSupport
import Testing

extension SystemTests {
    @Suite struct `A recording of a live run` {
        /// An event without its position in a log; nil for notices about the service itself.
        private struct Verdict: Hashable {
            var json: String
            init?(_ line: String) throws {
                var object = try #require(
                    JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                // Codes of notices about the service itself.
                let own = [
                    "detector-paused", "suspended", "overloaded", "caught-up", "clock-step", "reloaded", "set", "unset",
                ]
                if let code = object["code"] as? String, own.contains(code) { return nil }
                for key in ["epoch", "sequence", "prev"] { object[key] = nil }
                json = String(
                    decoding: try JSONSerialization.data(withJSONObject: object, options: .sortedKeys), as: UTF8.self)
            }
        }

        @Test(.tags(.slow)) func `replays to the same verdicts across files, tuning, and pauses`()
            async throws
        {
            try await TestBed.run { bed in
                try """
                levels: {suspect: "mistakes=1/20hb", evict: "phi=4"}
                damping: {flaps: 2, within: 1m, quiet_period: 1s}
                hold: {share: 0.5, min_excess: 3, max_duration: 2s}
                record: {folder: \(bed.path("recording")), file_size: 50KB, total_size: 100MB}
                """.write(toFile: bed.path("phi.yaml"), atomically: true, encoding: .utf8)
                let detector = try await bed.detector(
                    "--config", bed.path("phi.yaml"), "--detector", "adaptive")
                let watch = try await bed.watch(detector)
                let swarm = try bed.phi(
                    "swarm", "--to", detector.heartbeats, "--nodes", "40", "--every", "100ms", "--crash", "5",
                    "--pause", "10", "--pause-for", "1s", "--jitter", "60ms", "--loss", "0.02", "--for", "12s",
                    "--seed", "11")
                try await watch.transition(of: "node-1", to: .trusted)
                for command in [
                    ["tune", "suspect=phi=2", "--group", "swarm"], ["tune", "evict=phi=6", "--node", "swarm/node-2"],
                    ["pause", "swarm/node-3", "--for", "2s"], ["forget", "swarm/node-4"],
                    ["tune", "--unset", "suspect", "--group", "swarm"],
                ] {
                    let done = try bed.phi(command + ["--control", detector.control])
                    #expect(try await done.exit() == 0, "\(done.errors)")
                }
                // All nodes stop at once, which causes a hold.
                swarm.signal(SIGSTOP)
                _ = try await watch.line("a hold") { $0.contains(#""code":"begins""#) }
                swarm.signal(SIGCONT)
                #expect(try await swarm.exit() == 0)
                detector.program.terminate()
                #expect(try await detector.program.exit() == 0)
                let last = watch.output.count
                watch.terminate()
                _ = try await watch.exit()

                let files = try FileManager.default.contentsOfDirectory(atPath: bed.path("recording"))
                #expect(files.count > 3, "\(files)")
                let replay = try bed.phi("replay", bed.path("recording"), "--events", bed.path("events.ndjson"))
                #expect(try await replay.exit() == 0, "\(replay.errors)")
                let published = try watch.output.compactMap(Verdict.init)
                let emittedAgain = try bed.contents("events.ndjson").split(separator: "\n").map(String.init)
                    .compactMap(Verdict.init)
                #expect(last > 300 && published.count > 200, "\(last)")
                #expect(published.count == emittedAgain.count)
                for (one, other) in zip(published, emittedAgain) where one != other {
                    Issue.record("told \(one.json), and in the replay \(other.json)")
                    return
                }
            }
        }

        @Test func `starts and stops on request, and is refused without a folder`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector("--record", bed.path("recording"))
                for (option, expected) in [("--off", "recording is off"), ("--on", ".phirec")] {
                    let command = try bed.phi("record", "--control", detector.control, option)
                    #expect(try await command.exit() == 0, "\(command.errors)")
                    #expect(command.output.joined().contains(expected), "\(command.output)")
                }
                let other = try await bed.detector()
                let refused = try bed.phi("record", "--control", other.control, "--on")
                #expect(try await refused.exit() == 2)
                #expect(refused.errors.joined().contains("--record DIR"))
            }
        }

        #if os(Linux)
            @Test(.enabled(if: SmallDisk.mayMount, "only root may make a small disk"))
            func `stops with an error when its disk is full, and detection continues`() async throws {
                try await TestBed.run { bed in
                    let disk = try #require(SmallDisk(at: bed.path("disk"), mebibytes: 2))
                    let detector = try await bed.detector("--record", bed.path("disk/recording"))
                    let watch = try await bed.watch(detector)
                    let first = try bed.beat("first", to: detector, every: "50ms")
                    try await watch.transition(of: "first", to: .trusted)
                    disk.fill()
                    _ = try await detector.program.note("the end") {
                        $0.contains("level=error") && $0.contains("recording stopped")
                            && $0.contains("No space left")
                    }
                    let line = try await watch.line("the end") { $0.contains(#""code":"recording-stopped""#) }
                    #expect(line.contains("No space left"))

                    // Detection continues.
                    let second = try bed.beat("second", to: detector, every: "50ms")
                    try await watch.transition(of: "second", to: .trusted)
                    for node in [first, second] { node.crash() }
                    try await watch.transition(of: "second", to: .suspected)
                    // A new recording cannot start while the disk is full, and the request is refused.
                    let refused = try bed.phi("record", "--control", detector.control, "--on")
                    #expect(try await refused.exit() == 2)
                    #expect(refused.errors.joined().contains("No space left"), "\(refused.errors)")
                    detector.program.terminate()
                    #expect(try await detector.program.exit() == 0)

                    // The part that was written before replays to the same events.
                    let replay = try bed.phi(
                        "replay", bed.path("disk/recording"), "--events", bed.path("events.ndjson"))
                    #expect(try await replay.exit() == 0, "\(replay.errors)")
                    let published = try watch.output.compactMap(Verdict.init).filter {
                        $0.json.contains(#""node":"first""#)
                    }
                    let emittedAgain = try bed.contents("events.ndjson").split(separator: "\n").map(String.init)
                        .compactMap(Verdict.init)
                    #expect(emittedAgain.count >= 2 && published.starts(with: emittedAgain))
                }
            }
        #endif
    }

    @Suite struct `A what-if answer` {
        @Test(.tags(.slow))
        func `equals a replay under the proposed policy, and the published events under the current one`()
            async throws
        {
            try await TestBed.run { bed in
                let folder = bed.path("recording")
                let detector = try await bed.detector(
                    "--detector", "normal", "--hold", "off", "--level", "suspect=phi=6", "--record", folder)
                let watch = try await bed.watch(detector)
                let swarm = try bed.phi(
                    "swarm", "--to", detector.heartbeats, "--nodes", "20", "--every", "100ms", "--jitter", "80ms",
                    "--loss", "0.03", "--for", "8s", "--seed", "3")
                #expect(try await swarm.exit() == 0)
                for node in 1...20 { try await watch.transition(of: "node-\(node)", to: .left) }
                func answer(_ policy: String) async throws -> WhatIfAnswer {
                    let command = try bed.phi("tune", "--what-if", policy, "--control", detector.control, "--json")
                    #expect(try await command.exit() == 0, "\(command.errors)")
                    return try WireJSON.decode(WhatIfAnswer.self, from: Array(command.output.joined().utf8))
                }
                let (strict, same) = (try await answer("phi=1"), try await answer("phi=6"))
                detector.program.terminate()
                #expect(try await detector.program.exit() == 0)
                let replay = try bed.phi("replay", folder, "--policy", "phi=1", "--events", bed.path("events.ndjson"))
                #expect(try await replay.exit() == 0, "\(replay.errors)")
                // All these suspicions were mistakes, since every node said goodbye in the end.
                let decidedAgain = try bed.contents("events.ndjson").split(separator: "\n").map {
                    try WireJSON.decode(EventMessage.self, from: $0.utf8)
                }.compactMap(\.transition).count { $0.to == .suspected }
                #expect(strict.after.mistakes == decidedAgain && decidedAgain > 20)
                #expect(strict.before.mistakes == watch.suspicions.count)
                #expect(same.before.mistakes == watch.suspicions.count && same.after.mistakes == watch.suspicions.count)
                // A silence that exceeds the lax policy's timeout also exceeds the strict policy's.
                #expect(strict.before.mistakes < strict.after.mistakes)
                #expect(strict.nodes == 20 && strict.before.heartbeats > 20)
                #expect(strict.after.meanDetectionSeconds ?? 9 < strict.before.meanDetectionSeconds ?? 0)
            }
        }
    }
}
