import Foundation
import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

extension SystemTests {
    @Suite struct `Files of version 0.1.0` {
        /// Renamed keys of JSON objects, old to new.
        private static let renamed = ["decades": "log10_error"]

        private func object(_ line: String) throws -> NSDictionary {
            let parsed = try JSONSerialization.jsonObject(with: Data(line.utf8))
            let object = try #require(Self.inPresentNames(parsed) as? [String: Any])
            // Sentences may be worded anew, and the report names the folder.
            return object.filter { !["explanation", "trace"].contains($0.key) } as NSDictionary
        }
        private static func inPresentNames(_ value: Any) -> Any {
            switch value {
            case let array as [Any]: array.map(inPresentNames)
            case let object as [String: Any]:
                Dictionary(uniqueKeysWithValues: object.map { (renamed[$0.key] ?? $0.key, inPresentNames($0.value)) })
            default: value
            }
        }

        @Test func `a recording of format 3 replays with the same verdicts, and exports the same trace`() async throws {
            try await TestBed.run { bed in
                try Fixture.unpack("0.1.0/recording", to: bed.path("recording"))
                let replay = try bed.phi(
                    "replay", "recording", "--json", "--events", "events", "--deadlines", "deadlines")
                #expect(try await replay.exit() == 0, "\(replay.errors)")
                #expect(replay.errors == [])
                let report = try object(try #require(replay.output.first))
                #expect(report == (try object(try #require(Fixture.lines("0.1.0/recording.report").first))))
                let events = try bed.contents("events").split(separator: "\n").map { try object(String($0)) }
                #expect(events == (try Fixture.lines("0.1.0/recording.events").map(object)))
                #expect(try Array(bed.contents("deadlines").utf8) == Fixture.bytes("0.1.0/recording.deadlines"))
                let export = try bed.phi("record", "--csv", "trace", "recording")
                #expect(try await export.exit() == 0, "\(export.errors)")
                #expect(try Array(bed.contents("trace").utf8) == Fixture.bytes("0.1.0/recording.trace"))
            }
        }

        /// A service with the levels of the earlier one. It keeps nodes for centuries, so that the fixture never becomes
        /// too old. What depends on the date, such as pauses, is tested with a set clock in `DetectorServiceTests`.
        private func service(_ state: String, in bed: TestBed) async throws -> RunningDetector {
            try await bed.detector(
                [
                    "--level", "suspect=mistakes=1/1m,within=1500ms", "--level", "evict=mistakes=1/1h,within=4s",
                    "--retention", "100000d", "--state", bed.path(state),
                ], model: "adaptive")
        }
        private func expectTunedPolicies(_ detector: RunningDetector, in bed: TestBed) async throws {
            let show = try bed.phi("tune", "--json", "--control", detector.control)
            #expect(try await show.exit() == 0, "\(show.errors)")
            let shown = show.output.joined()
            for tuned in ["\"phi=9\"", "\"phi=5\"", "\"price=2000\"", "tune, group edge", "tune, node lab/dead"] {
                #expect(shown.contains(tuned), "\(shown)")
            }
        }

        @Test func `a state folder that was closed continues with its events, learned states, and operator changes`()
            async throws
        {
            try await TestBed.run { bed in
                try Fixture.unpack("0.1.0/stopped", to: bed.path("state"))
                let detector = try await service("state", in: bed)
                let published = try Fixture.lines("0.1.0/stopped.events")
                let watch = try await bed.watch(detector, from: "beginning")
                #expect(Array(try await watch.lines(published.count).prefix(published.count)) == published)
                // Other warnings are possible: a loaded machine may pause the detector.
                for loss in ["not restored", "dropped", "started a new event log", "was damaged"] {
                    #expect(!detector.program.errors.contains { $0.contains(loss) }, "\(detector.program.errors)")
                }
                try await expectTunedPolicies(detector, in: bed)

                // Learned states were persisted at most a pass before the service stopped.
                let before = try JSONDecoder().decode(
                    Samples.self, from: Data(try Fixture.bytes("0.1.0/stopped.status")))
                let now = try await samples(of: detector, in: bed)
                #expect(Set(now.nodes.map(\.node)) == Set(before.nodes.map(\.node)))
                for node in before.nodes {
                    let present = try #require(now.nodes.first { $0.node == node.node })
                    #expect(present.samples >= node.samples - 60 && present.samples >= 20, "\(node.node)")
                }
            }
        }
        private func samples(of detector: RunningDetector, in bed: TestBed) async throws -> Samples {
            let status = try bed.phi("status", "--json", "--control", detector.control)
            _ = try await status.exit()  // 1: a node is suspected
            return try JSONDecoder().decode(Samples.self, from: Data(status.output.joined().utf8))
        }
        private struct Samples: Decodable {
            struct Node: Decodable {
                var node: String
                var samples: Int
            }
            var nodes: [Node]
        }

        @Test func `a state folder that was killed before a reboot begins a new log, and keeps operator changes`()
            async throws
        {
            try await TestBed.run { bed in
                try Fixture.unpack("0.1.0/killed", to: bed.path("state"))
                let detector = try await service("state", in: bed)
                try await expectTunedPolicies(detector, in: bed)
                let status = try await samples(of: detector, in: bed)
                #expect(status.nodes.count == 6 && status.nodes.allSatisfy { $0.samples >= 20 })
            }
        }
    }
}
