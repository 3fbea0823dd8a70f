import Charts
import Comparison
import HeartbeatProtocol
import PhiAccrual

/// A comparison as one HTML document: tables and charts, with nothing from elsewhere and no scripts.
public struct ComparisonPage: Sendable {
    private var sections: [Markup] = []
    private var links: [Markup] = []

    public init() {}

    /// Adds what there is to see of one trace.
    public mutating func add(_ portrait: Portrait) {
        let section = TraceSection(portrait, number: sections.count + 1)
        sections.append(section.markup)
        links.append("<a href=\"#\(section.anchor)\">\(portrait.name.shown)</a> ")
    }

    /// The whole document.
    public func html(_ report: ComparisonReport) -> String {
        let document: Markup = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
            <title>Failure detectors on recorded heartbeats</title>
            <style>
            \(ChartStyle.css)
            \(PageStyle.css)
            </style>
            </head>
            <body>
            <h1>Failure detectors on recorded heartbeats</h1>
            \(Summary(report).markup)\(Self.legend)<nav>\(links)</nav>
            \(sections)</body>
            </html>

            """
        return document.text
    }

    /// How to read what each trace has.
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
    /// A name out of a file, safe to show: what would turn the writing round, or hide in it, is spelt out.
    var shown: String { escapingControls }
}
