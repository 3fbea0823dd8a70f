import Charts
import Comparison
import HeartbeatProtocol

/// The trade-off of each detector on one trace: mistake rate against mean timeout.
enum ParetoChart {
    static func chart(_ diagnostics: TraceDiagnostics) -> Chart? {
        let curves = diagnostics.curves
        guard let range = Range(curves, samples: diagnostics.samples) else { return nil }
        let x = Axis(
            .logarithmic, from: range.shortest, to: range.longest, label: "mean timeout after the last heartbeat",
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
            title: "Timeouts against mistakes on \(diagnostics.name.shown)", x: x, y: y, marks: marks,
            legend: curves.enumerated().map { number, curve in
                .init(curve.detector, DetectorStyles.pen(of: curve.detector), number == 0 ? .lineWithDots : .line)
            }, plotHeight: 280)
    }

    /// The timeout needed for each rate, without interpolation between points.
    private static func staircase(_ curve: ParetoCurve, _ range: Range) -> [Point] {
        var corners: [Point] = []
        var rate = range.most
        for point in curve.points.sorted(by: { ($0.timeout, $0.rate) < ($1.timeout, $1.rate) }) {
            let reached = max(point.rate, range.fewest)
            guard reached < rate, point.timeout > 0 else { continue }
            corners += [Point(point.timeout, rate), Point(point.timeout, reached)]
            rate = reached
        }
        // A longer timeout is no worse, so the last step extends to the right edge.
        if let last = corners.last { corners.append(Point(max(last.x, range.longest), last.y)) }
        return corners
    }

    /// The displayed range of timeouts and rates.
    private struct Range {
        let shortest: Double
        let longest: Double
        let most = 1.0
        /// Zero mistakes have no logarithm; half a mistake replaces them.
        let fewest: Double

        init?(_ curves: [ParetoCurve], samples: Int) {
            fewest = 0.5 / Double(max(1, samples))
            let shortest = curves.compactMap { $0.strictTimeout(atRate: 0.3) }.filter { $0 > 0 }.min()
            // The axis ends somewhat beyond the point where mistakes become too rare to judge by, but not beyond the
            // point where every detector has reached its minimum.
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
