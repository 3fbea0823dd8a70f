import BinaryCoding
import Foundation
import PhiAccrual
import Recordings
import Testing

extension SystemTests {
    @Suite struct `A recording` {
        /// Records two nodes with 50 heartbeats each, 100 ms apart, and then silence.
        private func record(in folder: String) throws {
            let levels = Level.standard(for: DetectorSpec(NormalModel.Parameters()))
            let detector = Detector<NormalModel>(.init(levels: levels, model: .init()))
            var state = BinaryWriter()
            detector.write(to: &state)
            let nodes = try ["a", "b"].enumerated().map { number, name in
                KnownName(try NodeIdentity(group: "edge", name: name), key: NodeKey(rawValue: UInt64(number)))
            }
            let header = RecordingHeader(
                createdAt: 1_700_000_000_000_000_000, start: Instant(nanoseconds: 0),
                wallOffset: 1_700_000_000_000_000_000, program: "test",
                detector: "normal")
            let beginning = SegmentStart(header, checkpoint: state.bytes, names: nodes)
            var writer = try RecordingWriter(folder: folder, beginning)
            var records = RecordBuffer()
            for node in nodes { records.append(.announcement(node.identity, node.key, at: header.start)) }
            for sequence in 0..<50 as Range<UInt32> {
                let heartbeats = nodes.map { Heartbeat(key: $0.key, sequence: sequence, sent: Int64(sequence)) }
                records.append(heartbeats.span, at: Instant(nanoseconds: Int64(sequence) * 100_000_000))
            }
            records.append(.advance(to: Instant(nanoseconds: 20_000_000_000)))
            try writer.write(records)
        }

        @Test func `exports to a trace that replays`() async throws {
            try await TestBed.run { bed in
                try record(in: bed.path("recording"))
                let export = try bed.phi("record", "--csv", "out.csv", "recording")
                #expect(try await export.exit() == 0, "\(export.errors)")
                #expect(export.output == [] && export.errors == [])
                let rows = try bed.contents("out.csv").split(separator: "\n")
                #expect(rows.count == 101)
                #expect(rows[0] == "node,seq,sent_ns,arrival_ns")
                #expect(rows[1] == "edge/a,0,0,1700000000000000000" && rows[2] == "edge/b,0,0,1700000000000000000")
                let replay = try bed.phi("replay", "out.csv", "--json")
                #expect(try await replay.exit() == 0, "\(replay.errors)")
                #expect(replay.output.first?.contains("\"nodes\":2") ?? false)

                let piped = try bed.phi("record", "--csv", "-", "recording")
                #expect(try await piped.exit() == 0)
                #expect(piped.output.count == 101)
            }
        }

        @Test func `replays to a report, events, and deadlines`() async throws {
            try await TestBed.run { bed in
                try record(in: bed.path("recording"))
                let replay = try bed.phi(
                    "replay", "recording", "--json", "--events", "events", "--deadlines", "deadlines.csv")
                #expect(try await replay.exit() == 0, "\(replay.errors)")
                let report = try #require(replay.output.first)
                #expect(report.contains("\"detector\":\"normal,") && report.contains("\"policy\":\"phi=8\""))
                #expect(report.contains("\"samples\":100") && report.contains("\"mistakes\":0"))
                let events = try bed.contents("events").split(separator: "\n")
                let suspicions = events.filter { $0.contains("\"to\":\"suspected\"") }
                #expect(suspicions.count == 2)
                // Some hundred milliseconds after the last heartbeat, which comes 4.9 s after the start.
                #expect(suspicions.allSatisfy { $0.contains("\"at\":\"2023-11-14T22:13:25.") })
                let rows = try bed.contents("deadlines.csv").split(separator: "\n")
                #expect(rows.count == 101 && rows[1].hasPrefix("edge/a,0,1700000000000000000,"))

                let wider = try bed.phi("replay", "recording", "--json", "--policy", "phi=1000", "--events", "other")
                #expect(try await wider.exit() == 0, "\(wider.errors)")
                #expect(wider.output.first?.contains("\"policy\":\"phi=1000\"") ?? false)
                #expect(try bed.contents("other") != bed.contents("events"))

                for option in [
                    ["--detector", "chen"], ["--interval", "1s"], ["--unit", "ms"], ["--profile", "lan"],
                ] {
                    let odd = try bed.phi(["replay", "recording"] + option)
                    #expect(try await odd.exit() == 64)
                }
            }
        }

        @Test func `exports without its damaged part, and reports that`() async throws {
            try await TestBed.run { bed in
                try record(in: bed.path("recording"))
                let name = try #require(FileManager.default.contentsOfDirectory(atPath: bed.path("recording")).first)
                var bytes = try Data(contentsOf: URL(fileURLWithPath: bed.path("recording/\(name)")))
                bytes[bytes.count - 17 - 20] ^= 1  // in the last heartbeats, before the record of an advance
                try bytes.write(to: URL(fileURLWithPath: bed.path("recording/\(name)")))
                let export = try bed.phi("record", "--csv", "out.csv", "recording")
                #expect(try await export.exit() == 1)
                #expect(
                    export.errors.count == 1
                        && export.errors[0].hasPrefix(
                            "phi: recording/\(name): a record has a wrong checksum; skipped the last ")
                )
                #expect(try bed.contents("out.csv").split(separator: "\n").count == 99)

                // The command never overwrites its input.
                let back = try bed.phi("record", "--csv", "recording/\(name)", "recording")
                #expect(try await back.exit() == 2)
                #expect(try Data(contentsOf: URL(fileURLWithPath: bed.path("recording/\(name)"))) == bytes)

                let none = try bed.phi("record", "--csv", "other.csv", "out.csv")
                #expect(try await none.exit() == 2)
                #expect(none.errors == ["phi: out.csv: not a recording of phi: the first bytes differ"])

                // A recorder that is killed as it starts leaves an empty file.
                try Data().write(to: URL(fileURLWithPath: bed.path("empty.phirec")))
                let empty = try bed.phi("record", "--csv", "other.csv", "empty.phirec")
                #expect(try await empty.exit() == 1)
                #expect(
                    empty.errors == ["phi: empty.phirec: the file ends within its header; skipped the last 0 bytes"])
            }
        }
    }
}
