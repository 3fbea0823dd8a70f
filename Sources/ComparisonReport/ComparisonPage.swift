import Charts
import Comparison
import HeartbeatProtocol
import PhiAccrual

/// A comparison as one self-contained HTML document: tables and charts, without external resources or scripts.
public struct ComparisonPage: Sendable {
    /// Traces that are summarized together.
    public struct Part: Sendable {
        public var title: String
        public var report: ComparisonResults
        public init(title: String, report: ComparisonResults) { (self.title, self.report) = (title, report) }
    }
    private let parts: [Part]
    private let sections: [TraceSection]

    /// - Parameter diagnostics: One for each trace of the parts, in the same order.
    public init(_ parts: [Part], _ diagnostics: [TraceDiagnostics]) {
        self.parts = parts
        sections = diagnostics.enumerated().map { TraceSection($1, number: $0) }
    }

    /// The complete document.
    public var html: String {
        let links = sections.map { section -> Markup in
            "<a href=\"#\(section.anchor)\">\(section.diagnostics.name.shown)</a>\n"
        }
        let document: Markup = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
            <title>Failure detectors compared</title>
            <style>
            \(ChartStyle.css)
            \(PageStyle.css)
            </style>
            </head>
            <body>
            <h1>Failure detectors compared</h1>
            \(Self.announcement)\(summaries)\(Self.legend)<nav>
            \(links)</nav>
            \(sections.map(\.markup))</body>
            </html>

            """
        return document.text
    }

    private var summaries: [Markup] {
        var first = 0  // index of the part's first trace among all traces
        return parts.map { part in
            defer { first += part.report.traces.count }
            return Summary(part: part, firstTrace: first).markup
        }
    }

    private static let announcement: Markup = """
        <p>Each heartbeat sets a deadline for the next one. If the next one arrives later, the node is suspected \
        although it is up: a <b>mistake</b> (false suspicion). A longer timeout means fewer mistakes, but also a later \
        detection of crashes. So the detectors are compared by their mean <b>timeout</b>, from the last heartbeat to \
        the deadline, at equal mistake rates.</p>
        <p>A <b>ratio</b> is the timeout of the adaptive detector divided by that of the best baseline. For each cell, \
        the best baseline is chosen from \(DetectorRegistry.compared.count.spelledOut) detectors, each with the \
        parameter that is best there in hindsight. <b class="better">Below 1</b>, the adaptive detector has a shorter \
        timeout than all baselines; <b class="worse">above 1.05</b>, a baseline is clearly better. A cell is empty if \
        the trace is too short for 20 mistakes.</p>

        """

    /// Explains the charts of each trace.
    private static let legend: Markup = """
        <h2>Trace by trace</h2>
        <details>
        <summary>How to read the charts</summary>
        <p><b>Timeouts against mistakes.</b> Each dot is a detector with one value of its parameter. Lower and further \
        left is better. The adaptive detector is drawn as stairs because values between its dots are not used. The \
        baselines are joined by straight lines, which is how they are interpolated. Detectors without a mistake are at \
        the bottom.</p>
        <p><b>Calibration.</b> φ predicts that one gap in 10^φ reaches it. On the dashed diagonal the prediction is \
        exact; in the grey band it is within a factor of two. Above the band there are more long gaps than predicted. \
        Dots mark predictions of at least 30 gaps; beyond them, chance dominates. Detectors without φ are not \
        drawn.</p>
        <p><b>Gaps.</b> The black stairs show the recording: the share of gaps longer than a given length. The curves \
        show the estimates of the detectors, 10^−φ, averaged over the trace, and for the adaptive detector also at its \
        end (dashed).</p>
        <p><b>Mistakes.</b> φ around some mistakes of the adaptive detector, evenly chosen, at the price at which it \
        makes about 1 mistake in 1000 heartbeats. Below are the heartbeats, and for each detector its deadlines \
        (strokes) and its mistakes (boxes). The baselines have the φ at which they make about as many mistakes.</p>
        </details>

        """
}

extension String {
    /// A name from a file, safe to display: bidirectional and invisible characters are escaped.
    var shown: String { escapingControls }
}
