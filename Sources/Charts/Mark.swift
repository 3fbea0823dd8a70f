/// An element of a chart, in the coordinates of its axes. Parts outside the axes are not drawn.
public enum Mark: Hashable, Sendable {
    /// Straight segments from point to point.
    case line([Point], Pen)
    case dots([Point], Pen)
    /// Larger dots, each with a tooltip.
    case notedDots([NotedPoint], Pen)
    /// A closed shape with a pale fill.
    case area([Point], Pen)
    /// Short vertical strokes at these x, from one y to another.
    case strokes([Double], from: Double, to: Double, Pen)
    /// Filled boxes over these ranges of x, from one y to another.
    case boxes([ClosedRange<Double>], from: Double, to: Double, Pen)

    public struct NotedPoint: Hashable, Sendable {
        public var point: Point
        public var note: String
        public init(_ point: Point, _ note: String) { (self.point, self.note) = (point, note) }
    }
}

extension Mark {
    func svg(in area: PlotArea) -> Markup {
        switch self {
        case .line(let points, let pen):
            return path(area.lines(through: points).map { $0.pathData }.joined(), "line", pen)
        case .dots(let points, let pen):
            // A stroke of zero length with round ends is a dot. It is the shortest way to write one.
            let inside = points.compactMap(area.pixel).filter(area.contains)
            var written: Set<String> = []
            let places = inside.map { "M\($0.x.tenths) \($0.y.tenths)h0" }.filter { written.insert($0).inserted }
            return path(places.joined(), "dots", pen)
        case .notedDots(let points, let pen):
            let circles = points.compactMap { point -> Markup? in
                guard let pixel = area.pixel(point.point), area.contains(pixel) else { return nil }
                return "<circle cx=\"\(pixel.x)\" cy=\"\(pixel.y)\" r=\"3\"><title>\(point.note)</title></circle>"
            }
            return circles.isEmpty ? "" : "<g class=\"noted \(pen.cssClass)\">\(circles)</g>\n"
        case .area(let corners, let pen):
            let shape = area.shape(corners).thinned()
            return shape.count < 3 ? "" : path(shape.pathData + "z", "area", pen)
        case .strokes(let places, let from, let to, let pen):
            let strokes = places.flatMap { area.lines(through: [Point($0, from), Point($0, to)]) }
            return path(strokes.map(\.pathData).joined(), "line stroke", pen)
        case .boxes(let ranges, let from, let to, let pen):
            let boxes = ranges.map { range in
                let (low, high) = (range.lowerBound, range.upperBound)
                return area.shape([Point(low, from), Point(high, from), Point(high, to), Point(low, to)])
            }
            return path(boxes.filter { $0.count > 2 }.map { $0.pathData + "z" }.joined(), "box", pen)
        }
    }

    private func path(_ data: String, _ kind: String, _ pen: Pen) -> Markup {
        data.isEmpty ? "" : "<path class=\"\(kind) \(pen.cssClass)\" d=\"\(data)\"/>\n"
    }
}

extension [Pixel] {
    var pathData: String {
        enumerated().map { "\($0.offset == 0 ? "M" : "L")\($0.element.x.tenths) \($0.element.y.tenths)" }.joined()
    }
}
