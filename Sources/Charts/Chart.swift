/// A chart with two axes, rendered as SVG.
public struct Chart: Hashable, Sendable {
    public struct LegendEntry: Hashable, Sendable {
        public enum Symbol: Hashable, Sendable { case line, lineWithDots, box }
        public var name: String
        public var pen: Pen
        public var symbol: Symbol
        public init(_ name: String, _ pen: Pen, _ symbol: Symbol = .line) {
            (self.name, self.pen, self.symbol) = (name, pen, symbol)
        }
    }

    /// Description for screen readers.
    public var title: String
    public var x: Axis
    public var y: Axis
    /// In drawing order: later marks cover earlier ones.
    public var marks: [Mark]
    public var legend: [LegendEntry]
    /// Height of the rectangle inside the axes, in pixels.
    public var plotHeight: Double

    /// In pixels. A page may scale the chart; font sizes suit about this width.
    public static let width = 400.0

    public init(
        title: String, x: Axis, y: Axis, marks: [Mark], legend: [LegendEntry] = [], plotHeight: Double = 240
    ) {
        (self.title, self.x, self.y, self.marks, self.legend) = (title, x, y, marks, legend)
        self.plotHeight = plotHeight
    }

    /// An SVG element for a page that includes `ChartStyle.css`.
    public var svg: Markup {
        let left = 10 + (y.ticks.map { TextWidth.of($0.label) }.max() ?? 0)
        let area = PlotArea(
            x: x, y: y, left: left, top: 24, width: Self.width - left - 14, height: plotHeight)
        let legend = LegendRows(entries: self.legend, left: 8, width: Self.width - 16)
        let height = area.bottom + 42 + legend.height
        return """
            <svg class="chart" viewBox="0 0 \(Self.width) \(height)" role="img" aria-label="\(title)">
            \(grid(area))\(marks.map { $0.svg(in: area) })\(labels(area))\(legend.svg(top: area.bottom + 42))</svg>

            """
    }

    private func grid(_ area: PlotArea) -> Markup {
        var data = ""
        for tick in x.ticks where tick.hasLine {
            guard let position = x.position(tick.value) else { continue }
            data += "M\((area.left + position * area.width).tenths) \(area.top.tenths)v\(area.height.tenths)"
        }
        for tick in y.ticks where tick.hasLine {
            guard let position = y.position(tick.value) else { continue }
            data += "M\(area.left.tenths) \((area.bottom - position * area.height).tenths)h\(area.width.tenths)"
        }
        return """
            <path class="grid" d="\(data)"/>
            <path class="frame" d="M\(area.left) \(area.top)h\(area.width)v\(area.height)h\(-area.width)z"/>

            """
    }

    private func labels(_ area: PlotArea) -> Markup {
        var labels: Markup = ""
        var free = -Double.infinity  // where the next label may begin
        for tick in x.ticks where !tick.label.isEmpty {
            guard let position = x.position(tick.value) else { continue }
            let half = TextWidth.of(tick.label) / 2 + 2
            let middle = min(max(area.left + position * area.width, half), Self.width - half)
            guard middle - half >= free else { continue }
            free = middle + half + 6
            labels += Self.text(tick, x: middle, y: area.bottom + 16, anchor: "middle")
        }
        for tick in y.ticks where !tick.label.isEmpty {
            guard let position = y.position(tick.value) else { continue }
            labels += Self.text(tick, x: area.left - 5, y: area.bottom - position * area.height + 4, anchor: "end")
        }
        return """
            \(labels)<text class="title" x="8" y="14">\(y.label)</text>
            <text class="title" x="\(area.right)" y="\(area.bottom + 33)" text-anchor="end">\(x.label)</text>

            """
    }

    private static func text(_ tick: Tick, x: Double, y: Double, anchor: String) -> Markup {
        let pen: Markup = tick.pen.map { " class=\"\($0.cssClass)\"" } ?? ""
        return "<text\(pen) x=\"\(x)\" y=\"\(y)\" text-anchor=\"\(anchor)\">\(tick.label)</text>\n"
    }
}

/// Estimates the width of a text from the average of sans-serif fonts. The reader's font is unknown.
enum TextWidth {
    static func of(_ text: String) -> Double { 6.8 * Double(text.count) }
}

/// Legend entries, wrapped into as many rows as they need.
private struct LegendRows {
    private var places: [(entry: Chart.LegendEntry, x: Double, row: Int)] = []
    private static let rowHeight = 18.0

    init(entries: [Chart.LegendEntry], left: Double, width: Double) {
        var (x, row) = (left, 0)
        for entry in entries {
            let length = 42 + TextWidth.of(entry.name)
            if x > left, x + length > left + width { (x, row) = (left, row + 1) }
            places.append((entry, x, row))
            x += length
        }
    }

    var height: Double { places.last.map { Self.rowHeight * Double($0.row + 1) + 4 } ?? 0 }

    func svg(top: Double) -> Markup {
        let entries = places.map { entry, x, row -> Markup in
            let y = top + Self.rowHeight * Double(row) + 10
            return "\(symbol(entry, x, y))<text x=\"\(x + 28)\" y=\"\(y + 4)\">\(entry.name)</text>\n"
        }
        return "\(entries)"
    }

    private func symbol(_ entry: Chart.LegendEntry, _ x: Double, _ y: Double) -> Markup {
        let line: Markup = "<path class=\"line \(entry.pen.cssClass)\" d=\"M\(x) \(y)h24\"/>"
        switch entry.symbol {
        case .line: return line
        case .lineWithDots:
            return "\(line)<g class=\"noted \(entry.pen.cssClass)\"><circle cx=\"\(x + 12)\" cy=\"\(y)\" r=\"3\"/></g>"
        case .box: return "<path class=\"area \(entry.pen.cssClass)\" d=\"M\(x) \(y - 5)h24v10h-24z\"/>"
        }
    }
}
