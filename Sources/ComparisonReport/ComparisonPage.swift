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
        <p>A heartbeat sets a deadline for the next one. If that comes later, the node is suspected although it is up: a \
        <b>mistake</b>. Whoever waits longer makes fewer mistakes and notices a crash later, so detectors are compared by \
        their mean <b>wait</b>, from the last heartbeat to the deadline, at equal rates of mistakes.</p>
        <p>A <b>ratio</b> is the wait of the adaptive detector over that of the best classical one, which for every single \
        cell is the best of \(DetectorRegistry.compared.count.spelledOut), each with the parameter that hindsight finds \
        best there. <b class="better">Below 1</b> the \
        adaptive detector waits less than all of them; <b class="worse">above 1.05</b> one of them is clearly better. A cell \
        is empty where a trace is too short for 20 mistakes.</p>

        """

    /// Explains the charts of each trace.
    private static let legend: Markup = """
        <h2>Trace by trace</h2>
        <details>
        <summary>How to read the charts</summary>
        <p><b>Waits against mistakes.</b> Each dot is a detector with one value of its parameter; further down and further \
        to the left is better. The adaptive detector is drawn as stairs, since nothing between its dots is counted for it. \
        The classical ones are joined by straight lines, which is how they are counted. At the very bottom are those that \
        made no mistake at all.</p>
        <p><b>Calibration.</b> φ promises that one gap in 10^φ gets this far. On the dashed diagonal it keeps its promise; in \
        the grey band within a factor of two. Above it there are more long gaps than promised. Dots stand where at least 30 \
        gaps were promised; beyond them chance has a say. Detectors without a φ are absent.</p>
        <p><b>Gaps.</b> The black stairs are the recording: which share of gaps was longer than so much. Curves are what \
        detectors took it to be, 10^−φ: averaged over the way through the trace, and for the adaptive one also at its end \
        (dashed).</p>
        <p><b>Mistakes.</b> Suspicion around some of the mistakes of the adaptive detector, at the price at which it makes \
        about 1 in 1000 heartbeats, evenly chosen among all of them. Below are the heartbeats that came, and for each \
        detector its deadlines (strokes), when it was wrong (boxes). The other detectors have the φ at which they make about \
        as many mistakes.</p>
        </details>

        """
}

extension String {
    /// A name from a file, safe to display: bidirectional and invisible characters are escaped.
    var shown: String { escapingControls }
}
