import Comparison
import Foundation
import TestSupport
import Testing

extension SystemTests {
    @Suite struct `A comparison` {
        @Test func `writes its page to a file`() async throws {
            try await TestBed.run { bed in
                try madeUpTrace().write(toFile: bed.path("a&b.csv"), atomically: false, encoding: .utf8)
                let comparison = try bed.phi("compare", "a&b.csv", "--html", "page.html")
                #expect(try await comparison.exit() == 0, "\(comparison.errors)")
                #expect(!comparison.output.isEmpty)
                let page = try bed.contents("page.html")
                #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
                #expect(page.contains("<h3>a&amp;b</h3>"))
            }
        }

        @Test func `keeps the old page if a recording cannot be read`() async throws {
            try await TestBed.run { bed in
                try "an old page".write(toFile: bed.path("page.html"), atomically: false, encoding: .utf8)
                try madeUpTrace().write(toFile: bed.path("good.csv"), atomically: false, encoding: .utf8)
                try "no trace\n".write(toFile: bed.path("bad.csv"), atomically: false, encoding: .utf8)
                let comparison = try bed.phi("compare", "good.csv", "bad.csv", "--html", "page.html")
                #expect(try await comparison.exit() != 0)
                #expect(try bed.contents("page.html") == "an old page")
                // A shorter new page replaces the old one completely.
                try String(repeating: "x", count: 10_000_000)
                    .write(toFile: bed.path("page.html"), atomically: false, encoding: .utf8)
                #expect(try await bed.phi("compare", "good.csv", "--html", "page.html").exit() == 0)
                #expect(try bed.contents("page.html").hasSuffix("</html>\n"))
            }
        }

        @Test(.tags(.slow)) func `writes equal output in argument order, whichever recording is ready first`()
            async throws
        {
            try await TestBed.run { bed in
                for (family, sent) in [(SyntheticFamily.stationary, 1500), (.burstyLoss, 600), (.heavyTailed, 500)] {
                    let recording = family.recording(seed: 8, nodes: 1, sent: sent)
                    try csv(recording).write(
                        toFile: bed.path("\(family.rawValue).csv"), atomically: false, encoding: .utf8)
                }
                let traces = ["stationary.csv", "heavy-tailed.csv", "bursty-loss.csv"]
                var outputs: [[String]] = []
                for _ in 0..<2 {
                    let compare = try bed.phi(["compare", "--json"] + traces)
                    #expect(try await compare.exit() == 0, "\(compare.errors)")
                    outputs.append(compare.output)
                }
                #expect(outputs[0] == outputs[1])
                let report = try JSONDecoder().decode(Report.self, from: Data(outputs[0].joined().utf8))
                #expect(report.traces.map(\.name) == ["stationary", "heavy-tailed", "bursty-loss"])
                #expect(report.cells.count >= 4 && report.hold_out.count >= 1)
                #expect(report.geometric_mean_interval.low <= report.geometric_mean)
                #expect(report.synthetic == nil)

                let table = try bed.phi("compare", "--hold-out", "heavy-tailed.csv")
                #expect(try await table.exit() == 0)
                #expect(table.output.contains { $0.hasPrefix("HOLD-OUT: PARAMETERS") })

                let early = try bed.phi(["compare", "--cold-start"] + traces)
                #expect(try await early.exit() == 0)
                // In each of the two short traces, fewer than 100 heartbeats follow the last start. In the long one, a
                // thousand follow each of the first four.
                #expect(early.output.last == "starts: 30, 28, 4")

                let budgets = try bed.phi(["compare", "--check-budgets"] + traces)
                #expect(try await budgets.exit() == 0)
                // At one mistake in thirty, only the longest trace is long enough for forty mistakes.
                #expect(budgets.output.contains { $0.hasPrefix("stationary  ") && $0.contains("1 in 30 ") })
                #expect(budgets.output.last?.hasSuffix("of 1 budget kept") == true)
            }
        }

        @Test func `reports why it leaves out a trace`() async throws {
            try await TestBed.run { bed in
                let rows = (0..<300).map { "a,\($0),,\($0 * 1_000_000_000)\n" }.joined()
                try ("node,seq,sent_ns,arrival_ns\n" + rows).write(
                    toFile: bed.path("short.csv"), atomically: false, encoding: .utf8)
                let text = try bed.phi("compare", "short.csv")
                #expect(try await text.exit() == 0)
                #expect(
                    text.output.contains {
                        $0.hasPrefix("short ") && $0.hasSuffix(" too few heartbeats (99); the minimum is 200")
                    })
                let json = try bed.phi("compare", "short.csv", "--json")
                #expect(try await json.exit() == 0)
                #expect(json.output.count == 1 && json.output[0].contains(#""cells":[]"#))
            }
        }
    }
}

private struct Report: Decodable {
    struct Trace: Decodable { var name: String }
    struct Cell: Decodable { var rate: Double }
    struct Interval: Decodable { var low, high: Double }
    var traces: [Trace]
    var cells, hold_out: [Cell]
    var geometric_mean: Double
    var geometric_mean_interval: Interval
    var synthetic: [String: String]?
}

private func csv(_ recording: RecordedArrivals) -> String {
    var (now, sequence): (Int64, Int64) = (0, 0)
    let rows = recording.heartbeats.map { heartbeat in
        now += heartbeat.arrival?.gap ?? 0
        sequence += heartbeat.arrival?.step ?? 0
        return "node,\(sequence),,\(now)"
    }
    return (["node,seq,sent_ns,arrival_ns"] + rows).joined(separator: "\n") + "\n"
}
