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
        abstract: "Compare detectors on recorded traces: time waited at equal rates of mistakes, and calibration.",
        discussion: """
            For each trace and each rate of mistakes that it has heartbeats enough for, the wait of the adaptive detector \
            is put beside the best of \(DetectorRegistry.compared.count.spelledOut) classical ones, each with the \
            parameter that hindsight finds best for that very cell. Below 1 the adaptive detector waits less than all of \
            them. Waits are deadline − arrival, averaged after 200 heartbeats per node. Beside each ratio stands its 90 % \
            interval, had other parts of the same \
            recording been met. docs/quality.md says how all of it is worked out.

            \(ReplayCommand.formats)

            Example: phi compare traces/*.csv.gz --json > comparison.json
            """)

    @Argument(help: "Traces to read.")
    var traces: [String] = []
    @Option(help: ReplayCommand.unitHelp)
    var unit: TimeUnit?
    @Flag(help: "Also compare on recordings made of processes whose law is known; they are counted apart.")
    var synthetic = false
    @Option(help: "What the made recordings are drawn by: equal seeds give equal ones.")
    var seed: UInt64 = 1
    @Flag(help: "Also print the cells with parameters chosen on the first half of each trace and judged on the second.")
    var holdOut = false
    @Flag(help: "Instead, compare mistakes among the first heartbeats of nodes that nothing is known of.")
    var coldStart = false
    @Flag(help: "Instead, see whether the adaptive detector keeps stated budgets of mistakes.")
    var checkBudgets = false
    @Flag(name: .customLong("halves"), help: .hidden) var formerHoldOut = false
    @Flag(name: .customLong("early"), help: .hidden) var formerColdStart = false
    @Flag(name: .customLong("budgets"), help: .hidden) var formerCheckBudgets = false
    @Flag(help: "Print one JSON object.")
    var json = false
    @Option(
        help: """
            Also write an HTML page to this file, complete in itself: a table of the ratios; and for each trace waits \
            against mistakes of all detectors, calibration of φ, lengths of gaps against what detectors make of them, and \
            suspicion around some mistakes.
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
        guard synthetic || !traces.isEmpty else { throw ValidationError("name traces to read, or ask for --synthetic") }
        guard !(coldStart && checkBudgets) else {
            throw ValidationError("--cold-start and --check-budgets are two questions: ask one")
        }
        guard !coldStart || !synthetic else {
            throw ValidationError("--cold-start is asked of recordings: leave out --synthetic")
        }
        guard !holdOut || !(coldStart || checkBudgets) else {
            throw ValidationError("--hold-out has nothing to say of that")
        }
        guard html == nil || !(coldStart || checkBudgets) else {
            throw ValidationError("--html draws the comparison: leave out --cold-start and --check-budgets")
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
            if synthetic { parts.append(.init(title: "Made by known laws (seed \(seed))", report: made)) }
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
        var lines = ["TRACE                      MISTAKES   ADAPTIVE     BEST CLASSICAL            RATIO  90 %"]
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
            lines += ["", "PARAMETERS CHOSEN ON THE FIRST HALF, JUDGED ON THE SECOND"]
            lines += ComparisonTables.holdOut(report.holdOut)
        }
        lines += ["", "CALIBRATION OF φ (decades)  φ = 1    φ = 2    φ = 3    φ = 4"]
        for trace in report.traces {
            let values = Calibration.levels.map { level in
                trace.calibration.first { $0.phi == Double(level) }?.decades?.decimals(2) ?? "-"
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
                ? "\(trace.samples) heartbeats to judge, and \(least) are the least"
                : "no classical detector waits at all"
            return "\(trace.name.padded(to: 26)) not compared: \(reason)"
        }
    }
}
