import Charts
import Comparison
import Evaluation
import HeartbeatProtocol

/// The promised share of gaps for each φ against the observed share.
enum CalibrationChart {
    static func chart(_ diagnostics: TraceDiagnostics) -> Chart? {
        let points = diagnostics.views.flatMap(\.calibration)
        guard let fewest = diagnostics.views.first?.calibration.last?.promisedShare else { return nil }
        let lowest = max(fewest * 0.3, points.map(\.observedShare).min().map { $0 * 0.5 } ?? 0, fewest * 0.03)
        let ticks = Tick.logarithmic(from: lowest, to: 1, label: NumberFormatting.share)
        let x = Axis(
            .logarithmic, from: fewest * 0.8, to: 1, label: "predicted share of gaps, 10^−φ",
            ticks: Tick.logarithmic(from: fewest * 0.8, to: 1, about: 3, label: NumberFormatting.share))
        let y = Axis(.logarithmic, from: lowest, to: 1, label: "share of gaps that reached this φ", ticks: ticks)

        let ends = [x.lower, 1]
        let factor = Calibration.tolerance
        let band = ends.map { Point($0, $0 * factor) } + ends.reversed().map { Point($0, $0 / factor) }
        var marks: [Mark] = [.area(band, .faint), .line(ends.map { Point($0, $0) }, .faint)]
        for view in diagnostics.views.reversed() {
            let pen = DetectorStyles.pen(of: view.detector)
            marks.append(.line(view.calibration.map { Point($0.promisedShare, $0.observedShare) }, pen))
            let reliable = view.calibration.filter(\.isSignificant)
            guard view.detector == diagnostics.views.first?.detector else {
                marks.append(.dots(reliable.map { Point($0.promisedShare, $0.observedShare) }, pen))
                continue
            }
            marks.append(
                .notedDots(
                    reliable.map { point in
                        .init(
                            Point(point.promisedShare, point.observedShare),
                            "φ = \(point.phi): predicted \(NumberFormatting.share(point.promisedShare)), observed \(NumberFormatting.share(point.observedShare))"
                        )
                    }, pen))
        }
        return Chart(
            title: "Calibration of φ on \(diagnostics.name.shown)", x: x, y: y, marks: marks,
            legend: diagnostics.views.enumerated().map { number, view in
                .init(view.detector, DetectorStyles.pen(of: view.detector), number == 0 ? .lineWithDots : .line)
            } + [.init("within ±0.3", .faint, .box)])
    }
}
