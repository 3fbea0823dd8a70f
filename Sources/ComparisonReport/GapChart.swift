import Charts
import Comparison
import HeartbeatProtocol

/// The observed distribution of gaps, and the distribution that each detector expects.
enum GapChart {
    static func chart(_ diagnostics: TraceDiagnostics) -> Chart? {
        let steps = diagnostics.gaps.steps
        guard let first = steps.first, let last = steps.last, diagnostics.samples > 0 else { return nil }
        let fewest = 0.3 / Double(diagnostics.samples)
        let longest = max(last.length * 1.5, first.length * 2)
        let x = Axis(
            .logarithmic, from: first.length, to: longest, label: "length of a gap, in intervals",
            ticks: Tick.logarithmic(from: first.length, to: longest) { $0.formattedToThreeDigits })
        let y = Axis(
            .logarithmic, from: fewest, to: 1, label: "share of gaps that are longer",
            ticks: Tick.logarithmic(from: fewest, to: 1, label: NumberFormatting.share))

        var marks: [Mark] = []
        for view in diagnostics.views.reversed() {
            let pen = DetectorStyles.pen(of: view.detector)
            if view.detector == diagnostics.views.first?.detector {
                marks.append(.line(points(view.fit, view.fit.atEnd), .faint))
            }
            marks.append(.line(points(view.fit, view.fit.average), pen))
        }
        marks.append(.line(staircase(steps), .ink))
        return Chart(
            title: "Lengths of gaps on \(diagnostics.name.shown)", x: x, y: y, marks: marks,
            legend: [.init("recorded", .ink)]
                + diagnostics.views.map { .init($0.detector, DetectorStyles.pen(of: $0.detector)) }
                + [.init("adaptive at the end", .faint)])
    }

    private static func points(_ fit: GapFit, _ shares: [Double]) -> [Point] {
        zip(fit.lengths, shares).map { Point($0, $1) }
    }

    private static func staircase(_ steps: [GapSurvival.Step]) -> [Point] {
        var corners: [Point] = []
        var share: Double?
        for step in steps {
            if let share { corners.append(Point(step.length, share)) }
            if step.longer > 0 { corners.append(Point(step.length, step.longer)) }
            share = step.longer
        }
        return corners
    }
}
