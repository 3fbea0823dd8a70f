import Charts
import Comparison
import HeartbeatProtocol

/// φ before, during, and after a mistake; below it the heartbeats and the deadlines of each detector.
enum EpisodeChart {
    static func chart(_ episode: Episode, _ diagnostics: TraceDiagnostics) -> Chart {
        let (from, to) = (episode.shown.lowerBound, episode.shown.upperBound)
        let unit = TimeUnit(of: to - from)
        let x = Axis(
            .linear, from: from, to: to, label: "time since the last heartbeat before it",
            ticks: Tick.linear(from: from / unit.seconds, to: to / unit.seconds) { unit.label($0) }
                .map { Tick($0.value * unit.seconds, $0.label) })

        let highest = highestPhi(episode)
        let lane = highest * 0.09
        let lanes = -lane * (Double(episode.tracks.count) + 1.4)
        func strip(_ number: Int) -> Double { -lane * (Double(number) + 1) }
        var ticks = Tick.linear(from: 0, to: highest, about: 4) { $0.formattedToThreeDigits }
        ticks.append(Tick(strip(0), "heartbeats", pen: .ink, hasLine: false))

        var marks: [Mark] = [.line([Point(from, 0), Point(to, 0)], .ink)]
        marks.append(.strokes(episode.arrivals, from: strip(0) - lane * 0.3, to: strip(0) + lane * 0.3, .ink))
        for (number, track) in episode.tracks.enumerated() {
            let (pen, middle) = (DetectorStyles.pen(of: track.detector), strip(number + 1))
            ticks.append(Tick(middle, track.detector, pen: pen, hasLine: false))
            marks.append(.boxes(track.suspected, from: middle - lane * 0.28, to: middle + lane * 0.28, pen))
            marks.append(.strokes(track.deadlines, from: middle - lane * 0.4, to: middle + lane * 0.4, pen))
        }
        for track in episode.tracks.reversed() {
            marks.append(.line(track.phi.map { Point($0.time, $0.phi) }, DetectorStyles.pen(of: track.detector)))
        }
        return Chart(
            title: "φ of \(episode.node.shown) on \(diagnostics.name.shown) around a silence of "
                + "\(episode.silence.formattedDuration)",
            x: x, y: Axis(.linear, from: lanes, to: highest, label: "φ", ticks: ticks), marks: marks, plotHeight: 205)
    }

    /// Upper end of the axis. The adaptive φ always fits unless it is above 20; φ of other detectors may leave the
    /// chart.
    private static func highestPhi(_ episode: Episode) -> Double {
        let reached = episode.tracks.first?.phi.map(\.phi).max() ?? 0
        return min(max(4, (reached * 1.25).rounded(.up)), 20)
    }
}

/// The unit in which to label a span of time.
private struct TimeUnit {
    let seconds: Double

    init(of length: Double) {
        let units: [Double] = [86_400, 3600, 60, 1, 1e-3, 1e-6]
        seconds = units.first { length > 2.5 * $0 } ?? 1e-9
    }

    func label(_ count: Double) -> String { count == 0 ? "0" : NumberFormatting.tick(count * seconds) }
}
