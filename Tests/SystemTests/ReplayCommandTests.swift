import Foundation
import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

extension SystemTests {
    @Suite struct `A replay` {
        @Test func `of the same arrivals writes the same bytes`() async throws {
            try await TestBed.run { bed in
                try madeUpTrace().write(toFile: bed.path("trace.csv"), atomically: false, encoding: .utf8)
                for run in ["1", "2"] {
                    let replay = try bed.phi(
                        "replay", "trace.csv", "--json", "--deadlines", "deadlines-\(run).csv", "--events",
                        "events-\(run).json")
                    #expect(try await replay.exit() == 0)
                    try #require(replay.output.count == 1)
                    try replay.output[0].write(
                        toFile: bed.path("report-\(run).json"), atomically: false, encoding: .utf8)
                }
                for name in ["report-%.json", "deadlines-%.csv", "events-%.json"] {
                    let texts = try ["1", "2"].map { try bed.contents(name.replacing("%", with: $0)) }
                    #expect(texts[0] == texts[1])
                }
                // The report includes lost heartbeats and the silence at each node's end.
                let report = try JSONDecoder().decode(Report.self, from: Data(bed.contents("report-1.json").utf8))
                #expect(report.nodes == 3 && report.samples == 3 * 196 && report.losses == 3 * 4)
                let deadlines = try bed.contents("deadlines-1.csv").split(separator: "\n")
                #expect(
                    deadlines.first == "node,seq,arrival_ns,phi,deadline_ns" && deadlines.count == 1 + report.samples)
                let events = try bed.contents("events-1.json").split(separator: "\n").map {
                    try WireJSON.decode(EventMessage.self, from: $0.utf8)
                }
                #expect(events.map(\.place.sequence) == Array(1...UInt64(events.count)))
                #expect(Set(events.compactMap(\.transition?.to)).isSuperset(of: [.learning, .trusted]))
            }
        }

        @Test func `reads the output of ping -D and a column of times like a trace`() async throws {
            try await TestBed.run { bed in
                // The same arrivals, 1 s apart and one of them lost, in three formats.
                let arrivals = (1...300).filter { $0 != 200 }.map {
                    (number: $0, micros: $0 * 7919 % 900_000 + 100_000)
                }
                let files = [
                    "trace.csv": "node,seq,sent_ns,arrival_ns\n"
                        + arrivals.map { "10.0.0.1,\($0.number),,\(1_732_000_000 + $0.number)\($0.micros)000\n" }
                        .joined(),
                    "ping.txt": "PING web (10.0.0.1) 56(84) bytes of data.\n"
                        + arrivals.map {
                            "[\(1_732_000_000 + $0.number).\($0.micros)] 16 bytes from web (10.0.0.1): "
                                + "icmp_seq=\($0.number) ttl=64\n"
                        }.joined(),
                    "column.txt": "time_us\n"
                        + arrivals.map { "\(1_732_000_000 + $0.number)\($0.micros)\n" }.joined(),
                ]
                var rows: [String: [[Substring]]] = [:]
                for (name, text) in files {
                    try text.write(toFile: bed.path(name), atomically: false, encoding: .utf8)
                    let replay = try bed.phi(
                        "replay", name, "--detector", "normal", "--json", "--deadlines", "deadlines.csv")
                    #expect(try await replay.exit() == 0, "\(replay.errors)")
                    #expect(replay.errors == [])  // no progress without a terminal
                    let report = try JSONDecoder().decode(Report.self, from: Data(replay.output.joined().utf8))
                    #expect(report.nodes == 1 && report.samples == 299)
                    #expect(report.losses == (name == "column.txt" ? 0 : 1))
                    rows[name] = try bed.contents("deadlines.csv").split(separator: "\n").map {
                        $0.split(separator: ",", omittingEmptySubsequences: false)
                    }
                }
                #expect(rows["ping.txt"] == rows["trace.csv"])
                #expect(rows["column.txt"]?.map { $0[2] } == rows["trace.csv"]?.map { $0[2] })
                // The normal detector uses only gaps, so the missing sequence number makes no difference.
                #expect(rows["column.txt"]?.map { $0[4] } == rows["trace.csv"]?.map { $0[4] })
                #expect(rows["column.txt"]?.count == 300)
            }
        }

        @Test(
            .tags(.slow),
            .enabled(
                if: !Recordings.all.isEmpty, "no recordings beside the package, nor in the folder that PHI_TRACES names"
            ),
            arguments: Recordings.all)
        func `of a real recording succeeds`(recording: String) async throws {
            try await TestBed.run { bed in
                let replay = try bed.phi(
                    "replay", Recordings.path(recording), "--json", "--deadlines", "deadlines.csv", "--events",
                    "events.json")
                #expect(try await replay.exit() == 0, "\(replay.errors)")
                #expect(replay.errors == [])
                let report = try JSONDecoder().decode(Report.self, from: Data(replay.output.joined().utf8))
                #expect(report.samples > 1000)
                let rows = try Data(contentsOf: URL(fileURLWithPath: bed.path("deadlines.csv"))).count {
                    $0 == UInt8(ascii: "\n")
                }
                #expect(rows == 1 + report.samples)
            }
        }
    }
}

private struct Report: Decodable {
    var samples, nodes, losses: Int
}

/// Three nodes with an interval of 100 ms and 1 to 9 ms of delay. Each loses one heartbeat, and later three in a row.
func madeUpTrace() -> String {
    var random = SplitMix64(seed: 2)
    var rows: [(arrival: Int64, line: String)] = []
    for node in 0..<3 {
        for sequence in 0..<200 where sequence != 50 && !(120..<123).contains(sequence) {
            let sent = Int64(sequence) * 100_000_000 + Int64(node) * 7_000_000
            let arrival = sent + Int64.random(in: 1_000_000...9_000_000, using: &random)
            rows.append((arrival, "node-\(node),\(sequence),\(sent),\(arrival)"))
        }
    }
    let lines = rows.sorted { $0.arrival < $1.arrival }.map(\.line)
    return (["node,seq,sent_ns,arrival_ns"] + lines).joined(separator: "\n") + "\n"
}

/// Real arrivals, which are not part of this repository.
enum Recordings {
    static let folder = ProcessInfo.processInfo.environment["PHI_TRACES"] ?? TestBed.root + "/../shared/traces"
    static let all = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { $0.hasSuffix(".csv.gz") }.sorted()
    static func path(_ name: String) -> String { folder + "/" + name }
}
