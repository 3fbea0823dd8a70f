import ArgumentParser
import Comparison
import ComparisonReport
import Evaluation
import HeartbeatProtocol
import PhiAccrual
import Traces

struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare detectors on recorded traces: timeouts at equal mistake rates, and calibration.",
        discussion: """
            For each trace and each mistake rate (false suspicions per heartbeat) that the trace is long enough for, \
            the command prints the mean timeout of the adaptive detector, that of the best of \
            \(DetectorRegistry.compared.count.spelledOut) baseline detectors, and their ratio. Each baseline has the \
            parameter that is best for this trace and rate in hindsight. A ratio below 1 means that the adaptive \
            detector has a shorter timeout than every baseline. A timeout is deadline minus arrival, averaged after \
            200 heartbeats per node. Each ratio has a 90 % bootstrap interval. docs/quality.md describes the method.

            \(ReplayCommand.formats)

            Example: phi compare traces/*.csv.gz --json > comparison.json
            """)

    @Argument(help: "Traces to read.")
    var traces: [String] = []
    @Option(help: ReplayCommand.unitHelp)
    var unit: TimeUnit?
    @Flag(help: "Also compare on synthetic recordings with known distributions, in separate tables.")
    var synthetic = false
    @Option(help: "Seed of the synthetic recordings: equal seeds give equal recordings.")
    var seed: UInt64 = 1
    @Flag(help: "Also print results on the second half of each trace, with parameters chosen on the first half.")
    var holdOut = false
    @Flag(help: "Instead, compare mistakes among the first heartbeats of unknown nodes.")
    var coldStart = false
    @Flag(help: "Instead, check whether the adaptive detector keeps its mistake budgets.")
    var checkBudgets = false
    @Flag(name: .customLong("halves"), help: .hidden) var formerHoldOut = false
    @Flag(name: .customLong("early"), help: .hidden) var formerColdStart = false
    @Flag(name: .customLong("budgets"), help: .hidden) var formerCheckBudgets = false
    @Flag(help: "Print one JSON object.")
    var json = false
    @Option(
        help: """
            Also write a self-contained HTML page to this file: the table of ratios, and for each trace charts of \
            timeouts against mistakes, calibration of φ, gap lengths, and φ around some mistakes.
            """)
    var html: String?

    func validate() throws {
        let renamed = [
            (formerHoldOut, "--halves", "--hold-out"), (formerColdStart, "--early", "--cold-start"),
            (formerCheckBudgets, "--budgets", "--check-budgets"),
        ]
        for (isUsed, former, present) in renamed where isUsed {
            throw ValidationError("\(former) is now \(present)")
        }
        guard synthetic || !traces.isEmpty else {
            throw ValidationError("traces are missing: name traces to read, or use --synthetic")
        }
        guard !(coldStart && checkBudgets) else {
            throw ValidationError("--cold-start and --check-budgets cannot be combined: use one of them")
        }
        guard !coldStart || !synthetic else {
            throw ValidationError("--cold-start and --synthetic cannot be combined: --cold-start needs recordings")
        }
        guard !holdOut || !(coldStart || checkBudgets) else {
            throw ValidationError("--hold-out cannot be combined with --cold-start or --check-budgets: leave it out")
        }
        guard html == nil || !(coldStart || checkBudgets) else {
            throw ValidationError("--html cannot be combined with --cold-start or --check-budgets: leave it out")
        }
    }

    private var work: ParallelRuns {
        let families = synthetic ? SyntheticFamily.allCases.map { RecordingSource.synthetic($0, seed: seed) } : []
        return ParallelRuns(sources: traces.map { RecordingSource.file($0, columnUnit: unit) } + families)
    }

    func run() async throws {
        if coldStart {
            let recordings = try await work.outcomes { ColdStart($0, onProgress: $1) }
            try show(ColdStart(recordings), as: ComparisonTables.coldStart)
        } else if checkBudgets {
            let work = work
            let checks = zip(work.sources, try await work.outcomes { recording, _ in BudgetCheck.checks(recording) })
            func all(synthetic: Bool) -> [BudgetCheck] {
                checks.filter { $0.0.isSynthetic == synthetic }.flatMap(\.1)
            }
            try show(
                BudgetReport(recordings: all(synthetic: false), synthetic: all(synthetic: true)),
                as: ComparisonTables.budgetChecks)
        } else {
            try await compare()
        }
    }

    private func show<Results: Encodable>(_ results: Results, as table: (Results) -> [String]) throws {
        if json {
            Console.print(try WireJSON.encode(results))
        } else {
            for line in table(results) { Console.print(line) }
        }
    }

    private func compare() async throws {
        let work = work
        // Open the file before the long computation, so that an unwritable path fails early.
        var file = try html.map { try OutputFile(path: $0, apartFrom: traces) }
        let draws = html != nil
        let outcomes = try await work.outcomes { recording, onProgress in
            let comparison = DetectorComparison(recording, onProgress: onProgress)
            return (comparison: comparison, diagnostics: draws ? TraceDiagnostics(of: recording, comparison) : nil)
        }
        var (report, made) = (ComparisonResults(), ComparisonResults())
        for (source, outcome) in zip(work.sources, outcomes) {
            if source.isSynthetic { made.add(outcome.comparison) } else { report.add(outcome.comparison) }
        }
        if draws {
            // `work.sources` lists recordings before synthetic families.
            var parts = traces.isEmpty ? [] : [ComparisonPage.Part(title: "Recordings", report: report)]
            if synthetic { parts.append(.init(title: "Synthetic recordings (seed \(seed))", report: made)) }
            try file?.write(ComparisonPage(parts, outcomes.compactMap(\.diagnostics)).html)
            try file?.finish()
        }
        var outcome = ComparisonOutcome(recordings: report)
        if synthetic {
            outcome.synthetic = .init(seed: seed, comparison: made, referenceScenario: ReferenceScenario(seed: seed))
        }
        try show(outcome) { outcome in
            var lines = traces.isEmpty ? [] : table(report)
            if let synthetic = outcome.synthetic {
                lines += lines.isEmpty ? [] : ["", "SYNTHETIC (seed \(synthetic.seed))", ""]
                lines += table(synthetic.comparison, isSynthetic: true)
                lines += [""] + ComparisonTables.referenceScenario(synthetic.referenceScenario)
            }
            return lines
        }
    }

    private func table(_ report: ComparisonResults, isSynthetic: Bool = false) -> [String] {
        var lines = ["TRACE                      MISTAKES   ADAPTIVE     BEST BASELINE             RATIO  90 %"]
        for cell in report.cells {
            let ratio = cell.ratio.map { $0.decimals(3) } ?? "not reached"
            let colour: Colour? = cell.ratio.map { $0 <= 1.0 ? .green : $0 > 1.05 ? .red : nil } ?? .red
            lines.append(
                [
                    cell.trace.padded(to: 26), "1 in \((1 / cell.rate).decimals(0))".padded(to: 10),
                    (cell.adaptive?.formattedDuration ?? "-").padded(to: 12),
                    "\(cell.best.formattedDuration) (\(cell.bestDetector))".padded(to: 25), colour?(ratio) ?? ratio,
                    formatted(cell.resampled?.interval),
                ].joined(separator: " "))
        }
        lines += report.traces.compactMap(Self.whyWithoutCells(report))
        lines.append("")
        var parts = [("all", report.cells)]
        // Constants were chosen on some recordings, but never on synthetic ones.
        if !isSynthetic { parts += [("odd traces", report.half(0)), ("even traces", report.half(1))] }
        for (name, cells) in parts {
            guard let mean = cells.geometricMean, let worst = cells.worst, let ratio = worst.ratio else { continue }
            let within = cells.count { ($0.ratio ?? .infinity) <= 1.05 }
            lines.append(
                "\(name.padded(to: 12)) geometric mean \(mean.decimals(3)) "
                    + "(\(formatted(cells.resampledGeometricMean.interval))), worst \(ratio.decimals(2)) "
                    + "(\(worst.trace) at 1 in \((1 / worst.rate).decimals(0))), "
                    + "\(within) of \(cells.count) within 5 %")
        }
        if let summary = ComparisonTables.summary(report.holdOut) { lines.append(summary) }
        let against = ComparisonResults.baselineNames.compactMap { name in
            report.cells.geometricMean(against: name).map { "\(name) \($0.decimals(2))" }
        }
        if !against.isEmpty { lines.append("against each  \(against.joined(separator: ", "))") }
        if holdOut {
            lines += ["", "HOLD-OUT: PARAMETERS CHOSEN ON THE FIRST HALF, EVALUATED ON THE SECOND"]
            lines += ComparisonTables.holdOut(report.holdOut)
        }
        lines += ["", "CALIBRATION (log10 error)   φ = 1    φ = 2    φ = 3    φ = 4"]
        for trace in report.traces {
            let values = Calibration.levels.map { level in
                trace.calibration.first { $0.phi == Double(level) }?.log10Error?.decimals(2) ?? "-"
            }
            lines.append(trace.name.padded(to: 28) + values.map { $0.padded(to: 8) }.joined(separator: " "))
        }
        return lines
    }

    private func formatted(_ interval: ClosedRange<Double>?) -> String {
        interval.map { interval in
            let high = interval.upperBound.isFinite ? interval.upperBound.decimals(3) : "not reached"
            return "\(interval.lowerBound.decimals(3)) … \(high)"
        } ?? "-"
    }

    private static func whyWithoutCells(_ report: ComparisonResults) -> (ComparisonResults.Trace) -> String? {
        let compared = Set(report.cells.map(\.trace))
        return { trace in
            guard !compared.contains(trace.name) else { return nil }
            let least = ComparisonCell.minSamples
            let reason =
                trace.samples < least
                ? "too few heartbeats (\(trace.samples)); the minimum is \(least)"
                : "all baseline detectors have a timeout of 0"
            return "\(trace.name.padded(to: 26)) not compared: \(reason)"
        }
    }
}
