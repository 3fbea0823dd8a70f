import Charts
import Comparison
import HeartbeatProtocol
import PhiAccrual

/// All charts of one trace.
struct TraceSection {
    let diagnostics: TraceDiagnostics
    let anchor: String

    /// - Parameter number: Index of the trace among all traces.
    init(_ diagnostics: TraceDiagnostics, number: Int) {
        (self.diagnostics, anchor) = (diagnostics, Self.anchor(ofTrace: number))
    }

    /// The link target of a trace.
    static func anchor(ofTrace number: Int) -> String { "trace-\(number + 1)" }

    var markup: Markup {
        let charts = [
            figure(ParetoChart.chart(diagnostics), "Timeouts against mistakes"),
            figure(CalibrationChart.chart(diagnostics), "Calibration of φ"),
            figure(GapChart.chart(diagnostics), "Gaps"),
        ]
        return """
            <section id="\(anchor)">
            <h3>\(diagnostics.name.shown)</h3>
            <p class="facts">\(facts)</p>
            <div class="charts">
            \(charts)</div>
            \(episodes)</section>

            """
    }

    private var facts: String {
        return "\(diagnostics.samples.grouped) heartbeats evaluated, "
            + "\(counted(diagnostics.nodes, "node")), "
            + "a heartbeat every \(diagnostics.interval.formattedDuration)"
    }

    private func figure(_ chart: Chart?, _ caption: String) -> Markup {
        guard let chart else { return "" }
        return "<figure><figcaption>\(caption)</figcaption>\n\(chart.svg)</figure>\n"
    }

    private var episodes: Markup {
        guard !diagnostics.episodes.isEmpty else { return "" }
        let figures = diagnostics.episodes.map { episode in
            figure(
                EpisodeChart.chart(episode, diagnostics),
                "\(episode.node.shown): silent for \(episode.silence.formattedDuration)")
        }
        let policies = diagnostics.views.map { view in
            "\(view.detector) \(NumberFormatting.parameter(view.policy)) (\(view.rate.map(NumberFormatting.share) ?? "none"))"
        }
        return """
            <h4>Mistakes: \(diagnostics.episodes.count) of \(diagnostics.mistakes)</h4>
            <p class="facts">\(policies.joined(separator: ", "))</p>
            <div class="charts">
            \(figures)</div>

            """
    }
}
