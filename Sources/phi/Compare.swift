import ArgumentParser
import Comparison
import ComparisonPage
import HeartbeatProtocol

struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare detectors on recorded traces: time waited at equal rates of mistakes, and calibration.",
        discussion: """
            For each trace and each rate of mistakes that it has heartbeats enough for, the wait of the adaptive detector \
            is put beside the best of eight classical ones, each with the parameter that hindsight finds best for that \
            very cell. Below 1 the adaptive detector waits less than all of them. Waits are deadline − arrival, averaged \
            after 200 heartbeats per node.

            Example: phi compare traces/*.csv.gz --json > comparison.json
            """)

    @Argument(help: "Traces to read.")
    var traces: [String]
    @Flag(help: "Print one JSON object.")
    var json = false
    @Option(
        help: """
            Also write an HTML page to this file, complete in itself: a table of the ratios; and for each trace waits \
            against mistakes of all detectors, calibration of φ, lengths of gaps against what detectors make of them, and \
            suspicion around some mistakes.
            """)
    var html: String?

    func run() throws {
        // Before the long work, which would be in vain if it could not be written.
        var file = try html.map { try OutputFile(path: $0, apartFrom: traces) }
        var page = ComparisonPage()
        var report = ComparisonReport()
        for (number, path) in traces.enumerated() {
            if Console.showsProgress { Console.progress("\(number + 1) of \(traces.count): \(path)") }
            let trace = try RecordedArrivals(path: path)
            let contest = Contest(trace)
            report.add(contest)
            if file != nil { page.add(Portrait(of: trace, contest)) }
        }
        if Console.showsProgress { Console.progress("") }
        try file?.write(page.html(report))
        try file?.finish()
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
}
