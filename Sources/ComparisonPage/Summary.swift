import Charts
import Comparison
import HeartbeatProtocol

/// The comparison in numbers.
struct Summary {
    let report: ComparisonReport

    init(_ report: ComparisonReport) { self.report = report }

    /// Ratios up to this are as good as the best.
    private static let asGood = 1.05

    var markup: Markup {
        """
        <p>A heartbeat sets a deadline for the next one. If that comes later, the node is suspected although it is up: a \
        <b>mistake</b>. Whoever waits longer makes fewer mistakes and notices a crash later, so detectors are compared by \
        their mean <b>wait</b>, from the last heartbeat to the deadline, at equal rates of mistakes.</p>
        \(headline)\(matrix)\(against)\(table)
        """
    }

    private var headline: Markup {
        guard let mean = report.cells.geometricMean, let worst = report.cells.worst else {
            return "<p>No trace has heartbeats enough to compare by.</p>\n"
        }
        let within = report.cells.count { ($0.ratio ?? .infinity) <= Self.asGood }
        let worstRatio = worst.ratio.map { $0.decimals(2) } ?? "not reached"
        return """
            <dl>
            <div><dt>geometric mean of the ratios</dt><dd>\(mean.decimals(3))</dd></div>
            <div><dt>worst</dt><dd>\(worstRatio)<small>\(worst.trace.shown), \(Spoken.rate(worst.rate))</small></dd></div>
            <div><dt>at most 5 % above the best</dt><dd>\(within)<small>of \(report.cells.count)</small></dd></div>
            </dl>

            """
    }

    /// Traces down, rates across.
    private var matrix: Markup {
        let rates = ComparisonCell.rates.filter { rate in report.cells.contains { $0.rate == rate } }
        guard !rates.isEmpty else { return "" }
        let heads = rates.map { rate -> Markup in "<th scope=\"col\">\(Spoken.rate(rate))</th>" }
        let rows = report.traces.enumerated().map { number, trace -> Markup in
            let cells = rates.map { rate -> Markup in
                guard let cell = report.cells.first(where: { $0.trace == trace.name && $0.rate == rate }) else {
                    return "<td></td>"
                }
                return ratio(cell)
            }
            return "<tr><th scope=\"row\"><a href=\"#trace-\(number + 1)\">\(trace.name.shown)</a></th>\(cells)</tr>\n"
        }
        return """
            <h2>Ratios</h2>
            <p>The wait of the adaptive detector over that of the best classical one, which for every single cell is the best \
            of eight, each with the parameter that hindsight finds best there. <b class="better">Below 1</b> the adaptive \
            detector waits less than all of them; <b class="worse">above 1.05</b> one of them is clearly better. A cell is \
            empty where a trace is too short for 20 mistakes.</p>
            <div class="wide"><table class="matrix">
            <thead><tr><th scope="col">mistakes per heartbeat</th>\(heads)</tr></thead>
            <tbody>
            \(rows)</tbody>
            </table></div>

            """
    }

    private func ratio(_ cell: ComparisonCell) -> Markup {
        guard let ratio = cell.ratio else { return "<td class=\"worse\">not reached</td>" }
        let kind: Markup = ratio < 1 ? " class=\"better\"" : ratio > Self.asGood ? " class=\"worse\"" : ""
        return "<td\(kind)>\(ratio.decimals(3))</td>"
    }

    private var against: Markup {
        let means = ComparisonReport.classicalNames.compactMap { name -> Markup? in
            report.cells.geometricMean(against: name).map { mean in
                "<tr><th scope=\"row\">\(name)</th><td>\(mean.decimals(2))</td></tr>\n"
            }
        }
        guard !means.isEmpty else { return "" }
        return """
            <details>
            <summary>Against each classical detector alone</summary>
            <p>Geometric mean of the ratios to this one detector, still with the best parameter for every cell.</p>
            <table>
            <tbody>
            \(means)</tbody>
            </table>
            </details>

            """
    }

    private var table: Markup {
        guard !report.cells.isEmpty else { return "" }
        let rows = report.cells.map { cell -> Markup in
            """
            <tr><th scope="row">\(cell.trace.shown)</th><td>\(Spoken.rate(cell.rate))</td>\
            <td>\(cell.ours?.spokenSeconds ?? "-")</td><td>\(cell.best.spokenSeconds)</td>\
            <td class="name">\(cell.bestDetector)</td>\(ratio(cell))</tr>

            """
        }
        return """
            <details>
            <summary>All \(report.cells.count) cells with their waits</summary>
            <div class="wide"><table>
            <thead><tr><th scope="col">trace</th><th scope="col">mistakes</th><th scope="col">adaptive</th>\
            <th scope="col" colspan="2">best classical</th><th scope="col">ratio</th></tr></thead>
            <tbody>
            \(rows)</tbody>
            </table></div>
            </details>

            """
    }
}

extension Int {
    /// With a thin space between thousands.
    var grouped: String {
        let digits = Array(String(self))
        return digits.enumerated().reduce(into: "") { text, digit in
            if digit.offset > 0, (digits.count - digit.offset) % 3 == 0, digit.offset > (self < 0 ? 1 : 0) {
                text += "\u{202F}"
            }
            text.append(digit.element)
        }
    }
}
