import Foundation
import PhiAccrual
import TestSupport
import Testing

@testable import Charts

@Suite struct `A chart` {
    /// A chart with both axes from 0 to 10.
    private static func chart(_ marks: [Mark], legend: [Chart.LegendEntry] = []) -> Chart {
        Chart(
            title: "t", x: Axis(.linear, from: 0, to: 10, label: "x"), y: Axis(.linear, from: 0, to: 10, label: "y"),
            marks: marks, legend: legend)
    }
    /// Edges of the rectangle inside the axes.
    private static func frame(_ drawing: ParsedMarkup) throws -> (
        left: Double, top: Double, right: Double, bottom: Double
    ) {
        let frame = try #require(drawing.elements.first { $0.attributes["class"] == "frame" }?.attributes["d"])
        let numbers = frame.split { "Mhvz ".contains($0) }.compactMap { Double($0) }
        try #require(numbers.count == 5)
        return (numbers[0], numbers[1], numbers[0] + numbers[2], numbers[1] + numbers[3])
    }

    @Test func `without data is empty and well-formed`() throws {
        for chart in [
            Self.chart([]), Self.chart([.line([], .ink), .area([], .ink), .boxes([], from: 0, to: 1, .ink)]),
        ] {
            #expect(try #require(ParsedMarkup(chart.svg.text)).drawn == [])
        }
    }

    @Test func `draws a line at its values`() throws {
        let drawing = try #require(ParsedMarkup(Self.chart([.line([Point(0, 0), Point(10, 5)], .accent)]).svg.text))
        let frame = try Self.frame(drawing)
        #expect(
            drawing.paths("line") == [
                [
                    Place(x: frame.left, y: frame.bottom),
                    Place(x: frame.right, y: (frame.top + frame.bottom) / 2),
                ]
            ])
    }

    @Test func `clips a line where it leaves, and continues it where it returns`() throws {
        // A zigzag with its peaks at twice the height: only the lower halves are visible.
        let points = (0...10).map { Point(Double($0), $0.isMultiple(of: 2) ? 0 : 20) }
        let drawing = try #require(ParsedMarkup(Self.chart([.line(points, .ink)]).svg.text))
        let path = try #require(drawing.elements.first { $0.attributes["class"] == "line ink" }?.attributes["d"])
        #expect(path.count { $0 == "M" } == 6)  // the first and last strokes, and four whole valleys
        let frame = try Self.frame(drawing)
        #expect(drawing.drawn.contains { $0.y == frame.top })
        #expect(drawing.drawn.allSatisfy { $0.y >= frame.top })
    }

    @Test func `breaks a line at values that are not finite`() throws {
        let points = [Point(1, 1), Point(2, 5), Point(.nan, 5), Point(4, .infinity), Point(5, 5), Point(6, 1)]
        let drawing = try #require(ParsedMarkup(Self.chart([.line(points, .ink), .dots(points, .ink)]).svg.text))
        #expect(drawing.paths("line").map(\.count) == [4])
        #expect(drawing.paths("dots").map(\.count) == [4])
    }

    @Test func `fills an area only inside its axes`() throws {
        let band = [Point(-5, -5), Point(15, 15), Point(15, 17), Point(-5, -3)]
        let drawing = try #require(ParsedMarkup(Self.chart([.area(band, .faint)]).svg.text))
        let frame = try Self.frame(drawing)
        // Two corners of the axes, and two where the upper side leaves them.
        let shape = try #require(drawing.paths("area").first)
        #expect(Set(shape).count == 4)
        #expect(shape.contains(Place(x: frame.left, y: frame.bottom)))
        #expect(shape.contains(Place(x: frame.right, y: frame.top)))
    }

    @Test(arguments: 0..<100 as Range<UInt64>) func `draws nothing outside its axes, and only finite values`(
        seed: UInt64
    )
        throws
    {
        var random = SplitMix64(seed: seed)
        func number() -> Double {
            switch Int.random(in: 0..<12, using: &random) {
            case 0:
                [.nan, .infinity, -.infinity, 1e308, -1e308, .leastNonzeroMagnitude, 0].randomElement(using: &random)
                    ?? 0
            case 1: pow(10, Double.random(in: -30...30, using: &random))
            default: Double.random(in: -5...15, using: &random)
            }
        }
        func points() -> [Point] { (0..<40).map { _ in Point(number(), number()) } }
        let scales: [Axis.Scale] = [.linear, .logarithmic]
        let axes = (0..<2).map { _ in
            Axis(scales.randomElement(using: &random) ?? .linear, from: number(), to: number(), label: "<&>")
        }
        let ranges = (0..<10).compactMap { _ -> ClosedRange<Double>? in
            let (low, high) = (number(), number())
            return low <= high ? low...high : nil
        }
        let chart = Chart(
            title: "\"<&>\"", x: axes[0], y: axes[1],
            marks: [
                .line(points(), .accent), .dots(points(), .ink), .area(points(), .faint),
                .strokes(points().map(\.x), from: number(), to: number(), .other(3)),
                .boxes(ranges, from: number(), to: number(), .other(-1)),
                .notedDots(points().map { .init($0, "<note>") }, .accent),
            ], legend: [.init("<b>", .accent, .lineWithDots), .init("a", .other(100)), .init("c", .faint, .box)])
        let drawing = try #require(ParsedMarkup(chart.svg.text), "not well-formed: \(chart.svg)")
        let frame = try Self.frame(drawing)
        let legend = frame.bottom + 40  // anything drawn below belongs to the legend
        for place in drawing.drawn where !(place.y > legend) {
            #expect((frame.left - 0.1...frame.right + 0.1).contains(place.x), "\(place)")
            #expect((frame.top - 0.1...frame.bottom + 0.1).contains(place.y), "\(place)")
        }
        #expect(!chart.svg.text.contains("nan") && !chart.svg.text.contains("inf"))
    }

    @Test func `omits labels that would overlap`() throws {
        var chart = Self.chart([])
        chart.x.ticks = (0...100).map { Tick(Double($0) / 10, "label \($0)") }
        let drawing = try #require(ParsedMarkup(chart.svg.text))
        let labels = drawing.elements.filter { $0.text.hasPrefix("label") }
        let places = labels.compactMap { $0.attributes["x"].flatMap(Double.init) }
        #expect((2...10).contains(places.count))
        #expect(zip(places, places.dropFirst()).allSatisfy { $1 - $0 > 40 })
    }
}

@Suite struct `A thinned line` {
    @Test func `keeps only the two ends of a straight line`() {
        let line = (0..<1000).map { Pixel(x: Double($0), y: 2 * Double($0)) }
        #expect(line.thinned() == [line[0], line[999]])
        #expect([Pixel]().thinned() == [] && [line[3]].thinned() == [line[3]])
        #expect([Pixel](repeating: line[0], count: 9).thinned() == [line[0], line[0]])
    }

    @Test(arguments: seeds(50, quickly: 15)) func `stays within the tolerance of the full line`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var y = 0.0
        let line = (0..<500).map { number in
            y += Double.random(in: -0.4...0.4, using: &random)
            return Pixel(x: Double(number) / 5, y: y)
        }
        let thinned = line.thinned(tolerance: 0.2)
        #expect(thinned.count < line.count && thinned.first == line.first && thinned.last == line.last)
        for pixel in line {
            let distances = zip(thinned, thinned.dropFirst()).map { distance(pixel, $0, $1) }
            #expect((distances.min() ?? 0) <= 0.2 + 1e-9)
        }
    }

    /// Distance of a pixel from a segment, found by trying many points along the segment.
    private func distance(_ pixel: Pixel, _ a: Pixel, _ b: Pixel) -> Double {
        guard pixel.x >= a.x - 0.3, pixel.x <= b.x + 0.3 else { return .infinity }
        let steps = 400
        return (0...steps).map { step in
            let share = Double(step) / Double(steps)
            return hypot(pixel.x - a.x - share * (b.x - a.x), pixel.y - a.y - share * (b.y - a.y))
        }.min() ?? .infinity
    }
}
