import Charts
import Comparison
import HeartbeatProtocol

/// What each detector offers on one trace: mean waits, and the mistakes they cost.
enum ParetoChart {
    static func chart(_ diagnostics: TraceDiagnostics) -> Chart? {
        let curves = diagnostics.curves
        guard let range = Range(curves, samples: diagnostics.samples) else { return nil }
        let x = Axis(
            .logarithmic, from: range.shortest, to: range.longest, label: "mean wait after the last heartbeat",
            ticks: Tick.durations(from: range.shortest, to: range.longest, label: NumberFormatting.tick))
        let shares = Tick.logarithmic(from: range.fewest * 3, to: 1, label: NumberFormatting.share)
        let y = Axis(
            .logarithmic, from: range.fewest, to: range.most, label: "mistakes per heartbeat",
            ticks: [Tick(range.fewest, "none", hasLine: false)] + shares)

        var marks: [Mark] = []
        for curve in curves.dropFirst().reversed() {
            let points = curve.points.map { Point($0.timeout, max($0.rate, range.fewest)) }
            let pen = DetectorStyles.pen(of: curve.detector)
            marks += [.line(points, pen), .dots(points, pen)]
        }
        if let adaptive = curves.first {
            let pen = DetectorStyles.pen(of: adaptive.detector)
            let noted = adaptive.points.map { point in
                Mark.NotedPoint(
                    Point(point.timeout, max(point.rate, range.fewest)),
                    "\(NumberFormatting.parameter(point.parameter)): \(point.timeout.formattedDuration), \(NumberFormatting.share(point.rate)) "
                        + "(\(point.mistakes) mistakes)")
            }
            marks += [.line(staircase(adaptive, range), pen), .notedDots(noted, pen)]
        }
        return Chart(
            title: "Waits against mistakes on \(diagnostics.name.shown)", x: x, y: y, marks: marks,
            legend: curves.enumerated().map { number, curve in
                .init(curve.detector, DetectorStyles.pen(of: curve.detector), number == 0 ? .lineWithDots : .line)
            }, plotHeight: 280)
    }

    /// What can be had for certain at each rate: nothing lies between two points.
    private static func staircase(_ curve: ParetoCurve, _ range: Range) -> [Point] {
        var corners: [Point] = []
        var rate = range.most
        for point in curve.points.sorted(by: { ($0.timeout, $0.rate) < ($1.timeout, $1.rate) }) {
            let reached = max(point.rate, range.fewest)
            guard reached < rate, point.timeout > 0 else { continue }
            corners += [Point(point.timeout, rate), Point(point.timeout, reached)]
            rate = reached
        }
        // The longest wait does for all who can wait longer.
        if let last = corners.last { corners.append(Point(max(last.x, range.longest), last.y)) }
        return corners
    }

    /// Which waits and rates are worth showing.
    private struct Range {
        let shortest: Double
        let longest: Double
        let most = 1.0
        /// Half a mistake stands for none, whose logarithm there is not.
        let fewest: Double

        init?(_ curves: [ParetoCurve], samples: Int) {
            fewest = 0.5 / Double(max(1, samples))
            let shortest = curves.compactMap { $0.strictTimeout(atRate: 0.3) }.filter { $0 > 0 }.min()
            // Where mistakes get too few to be judged by, and some way on; but not beyond where nobody makes any more.
            let rarest = ComparisonCell.minMistakes / Double(max(1, samples))
            let judged = curves.compactMap { $0.strictTimeout(atRate: rarest) }.filter { $0 > 0 }.min()
            let ends = curves.compactMap { curve in
                curve.points.map(\.rate).min().flatMap(curve.strictTimeout)
            }
            guard let shortest, let last = ends.max() else { return nil }
            self.shortest = shortest * 0.9
            longest = max(2 * shortest, min(last, 4 * (judged ?? last))) * 1.1
        }
    }
}
