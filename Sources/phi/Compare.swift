import ArgumentParser
import Comparison
import HeartbeatProtocol
import Traces

struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare detectors on recorded traces: time waited at equal rates of mistakes, and calibration.",
        discussion: """
            For each trace and each rate of mistakes that it has heartbeats enough for, the wait of the adaptive detector \
            is put beside the best of eight classical ones, each with the parameter that hindsight finds best for that \
            very cell. Below 1 the adaptive detector waits less than all of them. Waits are deadline − arrival, averaged \
            after 200 heartbeats per node.

            \(Replay.formats)

            Example: phi compare traces/*.csv.gz --json > comparison.json
            """)

    @Argument(help: "Traces to read.")
    var traces: [String]
    @Option(help: Replay.unitHelp)
    var unit: TimeUnit?
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        var report = ComparisonReport()
        var progress = ProgressLine(after: .zero)
        defer { progress.clear() }
        for (number, path) in traces.enumerated() {
            progress.show("\(number + 1) of \(traces.count): \(path)")
            report.add(Contest(try RecordedArrivals(path: path, columnUnit: unit)))
        }
        progress.clear()
        if json {
            Console.print(try WireJSON.encode(report))
        } else {
            for line in Self.table(report) { Console.print(line) }
        }
    }

    private static func table(_ report: ComparisonReport) -> [String] {
        var lines = ["TRACE                      MISTAKES   ADAPTIVE     BEST CLASSICAL            RATIO"]
        for cell in report.cells {
            let ratio = cell.ratio.map { $0.decimals(3) } ?? "not reached"
            let colour: Colour? = cell.ratio.map { $0 <= 1.0 ? .green : $0 > 1.05 ? .red : nil } ?? .red
            lines.append(
                [
                    cell.trace.padded(to: 26), "1 in \((1 / cell.rate).decimals(0))".padded(to: 10),
                    (cell.ours?.spokenSeconds ?? "-").padded(to: 12),
                    "\(cell.best.spokenSeconds) (\(cell.bestDetector))".padded(to: 25), colour?(ratio) ?? ratio,
                ].joined(separator: " "))
        }
        lines += report.traces.compactMap(whyWithoutCells(report))
        lines.append("")
        let halves = [("all", report.cells), ("odd traces", report.half(0)), ("even traces", report.half(1))]
        for (name, cells) in halves {
            guard let mean = cells.geometricMean, let worst = cells.worst, let ratio = worst.ratio else { continue }
            let within = cells.count { ($0.ratio ?? .infinity) <= 1.05 }
            lines.append(
                "\(name.padded(to: 12)) geometric mean \(mean.decimals(3)), worst \(ratio.decimals(2)) "
                    + "(\(worst.trace) at 1 in \((1 / worst.rate).decimals(0))), "
                    + "\(within) of \(cells.count) within 5 %")
        }
        let against = ComparisonReport.classicalNames.compactMap { name in
            report.cells.geometricMean(against: name).map { "\(name) \($0.decimals(2))" }
        }
        if !against.isEmpty { lines.append("against each  \(against.joined(separator: ", "))") }
        lines += ["", "CALIBRATION OF φ (decades)  φ = 1    φ = 2    φ = 3    φ = 4"]
        for trace in report.traces {
            let values = (1...4).map { level in
                trace.calibration.first { $0.phi == level }.map { $0.decades.decimals(2) } ?? "-"
            }
            lines.append(trace.name.padded(to: 28) + values.map { $0.padded(to: 8) }.joined(separator: " "))
        }
        return lines
    }

    private static func whyWithoutCells(_ report: ComparisonReport) -> (ComparisonReport.Trace) -> String? {
        let compared = Set(report.cells.map(\.trace))
        return { trace in
            guard !compared.contains(trace.name) else { return nil }
            let least = ComparisonCell.leastSamples
            let reason =
                trace.samples < least
                ? "\(trace.samples) heartbeats to judge, and \(least) are the least"
                : "no classical detector waits at all"
            return "\(trace.name.padded(to: 26)) not compared: \(reason)"
        }
    }
}
