import Foundation
import HeartbeatProtocol
import PhiAccrual
import Testing

extension SystemTests {
    @Suite struct `A request to a running detector` {
        @Test func `changes the deadline of a node that is already silent`() async throws {
            try await TestBed.run { bed in
                // The deviation is at least one interval, so the timeout exceeds three minutes.
                let detector = try await bed.detector("--level", "suspect=phi=100000")
                let watch = try await bed.watch(detector)
                let node = try bed.beat("n", to: detector)
                try await watch.transition(of: "n", to: .trusted)
                node.crash()
                let tuned = try await bed.run("tune suspect=phi=0.5 --node lab/n", to: detector)
                #expect(
                    tuned.first?.hasPrefix("Level suspect: the effective policy is now phi=0.5 (tune, node lab/n).")
                        == true)
                let suspicion = try await watch.transition(of: "n", to: .suspected)
                #expect(suspicion.threshold.policy == "phi=0.5")
                #expect(suspicion.threshold.origin == "tune, node lab/n")
                #expect(suspicion.silenceSeconds < 200)

                let shown = try await bed.run("tune --node lab/n", to: detector)
                #expect(shown.last?.contains("tune, node lab/n") == true, "\(shown)")
                let unset = try await bed.run("tune --unset suspect --node lab/n", to: detector)
                #expect(
                    unset.first?.hasPrefix("Level suspect: the effective policy is now phi=100000 (option).") == true,
                    "\(unset)")
                // Setting and unsetting the policy are published too.
                let codes = watch.events.compactMap { event in
                    if case .notice(let notice) = event { notice.kind == .tune ? notice.code : nil } else { nil }
                }
                #expect(codes == ["set", "unset"])
            }
        }

        @Test func `pauses a node, and resumes it`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let watch = try await bed.watch(detector)
                let nodes = try ["absent", "other"].map { try bed.beat($0, to: detector) }
                for name in ["absent", "other"] { try await watch.transition(of: name, to: .trusted) }
                let paused = try await bed.run("pause lab/absent --for 1h --reason upgrade", to: detector)
                #expect(paused.first?.hasPrefix("lab/absent is not suspected until ") == true)
                for node in nodes { node.crash() }
                try await watch.transition(of: "other", to: .suspected)
                let explained = try await bed.run("explain lab/absent", to: detector)
                #expect(explained.contains("Planned absence for another 60 min; reason: upgrade."), "\(explained)")
                #expect(explained.contains { $0.contains("learning → trusted") })
                #expect(explained.contains { $0.contains("paused") && $0.hasSuffix("Reason: upgrade") })
                #expect(!watch.transitions.contains { $0.node == "absent" && $0.to == .suspected })
                #expect(try await bed.run("resume lab/absent", to: detector) == ["lab/absent is watched again"])
                try await watch.transition(of: "absent", to: .suspected)
                #expect(
                    try await bed.run("resume lab/absent", to: detector)
                        == ["lab/absent was not paused; it is watched"])
            }
        }

        @Test func `makes the detector forget a node`() async throws {
            try await TestBed.run { bed in
                let detector = try await bed.detector()
                let watch = try await bed.watch(detector)
                let node = try bed.beat("n", to: detector)
                try await watch.transition(of: "n", to: .trusted)
                node.terminate()
                try await watch.transition(of: "n", to: .left)
                #expect(try await bed.run("forget lab/n", to: detector) == ["lab/n was removed"])
                try await watch.transition(of: "n", to: .forgotten)
                for line in ["forget lab/n", "explain lab/n", "pause lab/n --for 1s", "resume lab/n"] {
                    try await bed.refuse(line, to: detector, because: "unknown node lab/n")
                }
                try await bed.refuse(
                    "tune certain=phi=9", to: detector, because: "unknown level \"certain\": expected one of suspect")
                try await bed.refuse("tune suspect=price=9", to: detector, because: "invalid policy \"price=9\"")
            }
        }
    }
}

extension TestBed {
    /// The output of a command that the detector accepts.
    fileprivate func run(_ line: String, to detector: RunningDetector) async throws -> [String] {
        let program = try phi(line.split(separator: " ").map(String.init) + ["--control", detector.control])
        #expect(try await program.exit() == 0, "\(program.errors)")
        return program.output
    }

    fileprivate func refuse(_ line: String, to detector: RunningDetector, because reason: String) async throws {
        let program = try phi(line.split(separator: " ").map(String.init) + ["--control", detector.control])
        #expect(try await program.exit() == 2)
        #expect(program.output == [])
        #expect(program.errors.first?.hasPrefix("phi: \(reason)") == true, "\(program.errors)")
    }
}
