import Foundation
import HeartbeatProtocol
import TestSupport
import Testing

extension SystemTests {
    @Suite struct `Nodes behind a relay` {
        @Test(.tags(.slow)) func `are watched as without a relay, even when it is killed and restarted`()
            async throws
        {
            try await TestBed.run { bed in
                let detector = try await bed.detector(
                    ["--level", "suspect=mistakes=1/1h,within=3s"], model: "adaptive")
                let watch = try await bed.watch(detector)
                let from = "ipc://\(bed.path("relay"))"
                let first = try await bed.relay(from: from, to: detector)
                let swarm = try await bed.swarm("load", of: 200, to: first.asDetector(like: detector), seenBy: watch)
                let before = watch.events.last
                first.program.crash()
                #expect(try await first.program.exit() == 128 + SIGKILL)
                let hold = try await watch.notice("begins", after: before)
                #expect(hold.numbers["heard"] == 0)
                let second = try await bed.relay(from: from, to: detector)
                _ = try await watch.notice("released", after: before)
                try await bed.expectNoSuspicion(by: watch, of: detector)
                // Goodbyes pass the relay as well.
                swarm.terminate()
                try await watch.events("goodbye", count: 200) { $0.transition?.to == .left }
                second.program.terminate()
                #expect(try await second.program.exit() == 0)
                #expect(second.program.errors.last?.contains("message=stopped") == true)
            }
        }

        @Test func `announce their names to a restarted detector`() async throws {
            try await TestBed.run { bed in
                let heartbeats = "ipc://\(bed.path("detector"))"
                let first = try await bed.detector(heartbeats: heartbeats)
                let relay = try await bed.relay(from: "tcp://127.0.0.1:*", to: first)
                let watch = try await bed.watch(first)
                _ = try await bed.swarm("load", of: 50, to: relay.asDetector(like: first), seenBy: watch)
                first.program.crash()
                _ = try await first.program.exit()
                let second = try await bed.detector(heartbeats: heartbeats)
                let after = try await bed.watch(second)
                try await after.events("a name", count: 50) { $0.transition?.to == .learning }
            }
        }

        @Test func `can have one connection each`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let relay = try await bed.relay(from: "tcp://127.0.0.1:*", to: detector)
                let watch = try await bed.watch(detector)
                let swarm = try bed.phi("swarm", "--to", relay.endpoint, "--nodes", "5", "--connections", "5")
                try await watch.events("trust", count: 5) { $0.transition?.to == .trusted }
                swarm.terminate()
                #expect(try await swarm.exit() == 0)
            }
        }
    }
}

struct RunningRelay {
    let program: RunningProgram
    let endpoint: String

    /// The detector as its nodes see it, with the relay's heartbeat endpoint.
    func asDetector(like detector: RunningDetector) -> RunningDetector {
        RunningDetector(
            program: program, heartbeats: endpoint, events: detector.events, control: detector.control)
    }
}

extension TestBed {
    /// Starts a relay and waits until it is ready.
    func relay(from: String, to detector: RunningDetector) async throws -> RunningRelay {
        let program = try phi("relay", "--from", from, "--to", detector.heartbeats)
        let ready = try await program.note("ready") { $0.contains("message=ready") }
        return RunningRelay(program: program, endpoint: value(of: "from", in: ready))
    }
}
