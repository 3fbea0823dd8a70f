import Charts
import Comparison
import HeartbeatProtocol

/// The summary of one part of a comparison.
struct Summary {
    let part: ComparisonPage.Part
    /// Index of the part's first trace among all traces.
    let firstTrace: Int

    private var report: ComparisonResults { part.report }

    /// Ratios up to this count as equal to the best.
    private static let asGood = 1.05

    var markup: Markup { "<h2>\(part.title.shown)</h2>\n\(headline)\(matrix)\(against)\(table)" }

    private var headline: Markup {
        guard let mean = report.cells.geometricMean, let worst = report.cells.worst else {
            return "<p>No trace has enough heartbeats for a comparison.</p>\n"
        }
        let within = report.cells.count { ($0.ratio ?? .infinity) <= Self.asGood }
        let interval = Self.formatted(report.cells.resampledGeometricMean.interval)
        let worstRatio = worst.ratio.map { $0.decimals(2) } ?? "not reached"
        return """
            <dl>
            <div><dt>geometric mean of the ratios</dt><dd>\(mean.decimals(3))<small>\(interval)</small></dd></div>
            <div><dt>worst</dt><dd>\(worstRatio)<small>\(worst.trace.shown), \(NumberFormatting.rate(worst.rate))</small></dd></div>
            <div><dt>at most 5 % above the best baseline</dt><dd>\(within)<small>of \(report.cells.count)</small></dd></div>
            </dl>

            """
    }

    /// One row per trace, one column per rate.
    private var matrix: Markup {
        let rates = ComparisonCell.rates.filter { rate in report.cells.contains { $0.rate == rate } }
        guard !rates.isEmpty else { return "" }
        let heads = rates.map { rate -> Markup in "<th scope=\"col\">\(NumberFormatting.rate(rate))</th>" }
        let rows = report.traces.enumerated().map { number, trace -> Markup in
            let cells = rates.map { rate -> Markup in
                guard let cell = report.cells.first(where: { $0.trace == trace.name && $0.rate == rate }) else {
                    return "<td></td>"
                }
                return ratio(cell)
            }
            let anchor = TraceSection.anchor(ofTrace: firstTrace + number)
            return "<tr><th scope=\"row\"><a href=\"#\(anchor)\">\(trace.name.shown)</a></th>\(cells)</tr>\n"
        }
        return """
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

    private static func formatted(_ interval: ClosedRange<Double>?) -> String {
        interval.map { interval in
            let high = interval.upperBound.isFinite ? interval.upperBound.decimals(3) : "not reached"
            return "\(interval.lowerBound.decimals(3)) … \(high)"
        } ?? ""
    }

    private var against: Markup {
        let means = ComparisonResults.baselineNames.compactMap { name -> Markup? in
            report.cells.geometricMean(against: name).map { mean in
                "<tr><th scope=\"row\">\(name)</th><td>\(mean.decimals(2))</td></tr>\n"
            }
        }
        guard !means.isEmpty else { return "" }
        return """
            <details>
            <summary>Against each baseline alone</summary>
            <p>Geometric mean of the ratios to this detector, with its best parameter for each cell.</p>
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
            <tr><th scope="row">\(cell.trace.shown)</th><td>\(NumberFormatting.rate(cell.rate))</td>\
            <td>\(cell.adaptive?.formattedDuration ?? "-")</td><td>\(cell.best.formattedDuration)</td>\
            <td class="name">\(cell.bestDetector)</td>\(ratio(cell))<td>\(Self.formatted(cell.resampled?.interval))</td></tr>

            """
        }
        return """
            <details>
            <summary>All \(report.cells.count) cells with their timeouts</summary>
            <div class="wide"><table>
            <thead><tr><th scope="col">trace</th><th scope="col">mistakes</th><th scope="col">adaptive</th>\
            <th scope="col" colspan="2">best baseline</th><th scope="col">ratio</th>\
            <th scope="col">90 % interval</th></tr></thead>
            <tbody>
            \(rows)</tbody>
            </table></div>
            </details>

            """
    }
}

extension Int {
    /// The digits with a thin space between groups of thousands.
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
