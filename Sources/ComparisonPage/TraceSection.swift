import Charts
import Comparison
import HeartbeatProtocol

/// All charts of one trace.
struct TraceSection {
    let portrait: Portrait
    let anchor: String

    /// - Parameter number: The trace's place among all.
    init(_ portrait: Portrait, number: Int) { (self.portrait, anchor) = (portrait, Self.anchor(ofTrace: number)) }

    /// Where links to a trace lead.
    static func anchor(ofTrace number: Int) -> String { "trace-\(number + 1)" }

    var markup: Markup {
        let charts = [
            figure(ParetoChart.chart(portrait), "Waits against mistakes"),
            figure(CalibrationChart.chart(portrait), "Calibration of φ"), figure(GapChart.chart(portrait), "Gaps"),
        ]
        return """
            <section id="\(anchor)">
            <h3>\(portrait.name.shown)</h3>
            <p class="facts">\(facts)</p>
            <div class="charts">
            \(charts)</div>
            \(episodes)</section>

            """
    }

    private var facts: String {
        let nodes = portrait.nodes == 1 ? "1 node" : "\(portrait.nodes) nodes"
        return "\(portrait.samples.grouped) heartbeats judged, \(nodes), a heartbeat every "
            + portrait.interval.spokenSeconds
    }

    private func figure(_ chart: Chart?, _ caption: String) -> Markup {
        guard let chart else { return "" }
        return "<figure><figcaption>\(caption)</figcaption>\n\(chart.svg)</figure>\n"
    }

    private var episodes: Markup {
        guard !portrait.episodes.isEmpty else { return "" }
        let figures = portrait.episodes.map { episode in
            figure(
                EpisodeChart.chart(episode, portrait),
                "\(episode.node.shown): silent for \(episode.silence.spokenSeconds)")
        }
        let policies = portrait.views.map { view in
            "\(view.detector) \(Spoken.parameter(view.policy)) (\(view.rate.map(Spoken.share) ?? "none"))"
        }
        return """
            <h4>Around mistakes: \(portrait.episodes.count) of \(portrait.mistakes)</h4>
            <p class="facts">\(policies.joined(separator: ", "))</p>
            <div class="charts">
            \(figures)</div>

            """
    }
}
