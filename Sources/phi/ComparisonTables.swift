import Comparison
import HeartbeatProtocol
import PhiAccrual

/// The cross-checks of a comparison, as text tables.
enum ComparisonTables {
    /// Parameters chosen on the first half, and their results on the second half.
    static func holdOut(_ cells: [HoldOutCell]) -> [String] {
        var lines = [
            "TRACE                      CHOSEN FOR  ADAPTIVE               BASELINE                              RATIO"
        ]
        for cell in cells {
            let adaptive =
                cell.adaptive.map { "\(formattedRate($0.rate)) at \($0.timeout.formattedDuration)" } ?? "not reached"
            let baseline = cell.baselines
            lines.append(
                [
                    cell.trace.padded(to: 26), formattedRate(cell.rate).padded(to: 11), adaptive.padded(to: 22),
                    "\(formattedRate(baseline.rate)) at \(baseline.timeout.formattedDuration) (\(baseline.detector))"
                        .padded(
                            to: 37),
                    cell.ratio.map { $0.decimals(3) } ?? "-",
                ].joined(separator: " "))
        }
        return lines
    }

    static func summary(_ cells: [HoldOutCell]) -> String? {
        guard let mean = cells.geometricMean, let worst = cells.worst, let ratio = worst.ratio else { return nil }
        let factors = [
            ("adaptive", cells.rateFactor { $0.adaptive }), ("baseline", cells.rateFactor { $0.baselines }),
        ]
        .compactMap { name, factor in factor.map { "\(name) \($0.decimals(2))" } }
        return "second half  geometric mean \(mean.decimals(3)), worst \(ratio.decimals(2)) "
            + "(\(worst.trace) at \(formattedRate(worst.rate))), \(counted(cells.count, "cell")); "
            + "rates change by a factor of: \(factors.joined(separator: ", "))"
    }

    static func referenceScenario(_ plain: ReferenceScenario) -> [String] {
        ["REFERENCE SCENARIO (normal intervals of 100 ms ± 5 ms, 0.5 % lost, \(plain.samples) heartbeats)"]
            + plain.goals.map { goal in
                let found =
                    goal.best.map {
                        "\(counted($0.mistakes, "mistake")) with a mean timeout of \($0.timeout.formattedDuration) at price \($0.price.formattedToThreeDigits)"
                    }
                    ?? "no price gives so short a timeout"
                return "timeout at most \(goal.timeout.formattedDuration): \(found); "
                    + "\(counted(goal.fixed, "mistake")) with a fixed timeout; "
                    + "goal of \(counted(goal.mistakes, "mistake")) \(goal.isReached ? "reached" : "missed")"
            }
    }

    static func coldStart(_ life: ColdStart) -> [String] {
        let horizons = ColdStart.horizons.map { "first \($0)" }
        var lines = [
            "".padded(to: 24) + "MISTAKES PER START".padded(to: 33) + "MEAN TIMEOUT IN INTERVALS",
            "DETECTOR".padded(to: 24) + (horizons + horizons).map { $0.padded(to: 11) }.joined(),
        ]
        for row in life.rows {
            let mistakes = row.horizons.map { $0.mistakes.decimals(3).padded(to: 11) }
            let timeouts = row.horizons.map { ($0.timeout?.formattedToThreeDigits ?? "-").padded(to: 11) }
            lines.append(row.detector.padded(to: 24) + (mistakes + timeouts).joined())
        }
        let starts = life.rows.first?.horizons.map { "\($0.starts)" } ?? []
        return lines + ["", "starts: \(starts.joined(separator: ", "))"]
    }

    static func budgetChecks(_ report: BudgetReport) -> [String] {
        var lines = [
            "TRACE                      BUDGET       PROMISED  OBSERVED  RATIO  95 % INTERVAL  CLUSTERS  TIMEOUT   VERDICT"
        ]
        for check in report.recordings + report.synthetic {
            let interval = "\(check.ratio.low.decimals(2)) … \(check.ratio.high.decimals(2))"
            lines.append(
                [
                    check.trace.padded(to: 26), formattedRate(1 / check.heartbeatsPerMistake).padded(to: 12),
                    check.promised.decimals(0).padded(to: 9), "\(check.observed)".padded(to: 9),
                    check.ratio.value.decimals(2).padded(to: 6), interval.padded(to: 14),
                    "\(check.ratio.clusters)".padded(to: 9), check.timeout.formattedDuration.padded(to: 9),
                    check.isKept ? Colour.green("kept") : Colour.red("missed"),
                ].joined(separator: " "))
        }
        lines.append("")
        for (name, checks) in [("recordings", report.recordings), ("synthetic", report.synthetic)] where !checks.isEmpty
        {
            lines.append(
                "\(name.padded(to: 12)) \(checks.count { $0.isKept }) of \(counted(checks.count, "budget")) kept")
        }
        return lines
    }

    private static func formattedRate(_ rate: Double) -> String { rate > 0 ? "1 in \((1 / rate).decimals(0))" : "none" }
}
