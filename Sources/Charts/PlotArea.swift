/// A point in the coordinates of a chart's axes.
public struct Point: Hashable, Sendable {
    public var x: Double
    public var y: Double
    public init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }
}

/// A position on the page; y grows downwards.
struct Pixel: Hashable, Sendable {
    var x: Double
    var y: Double
}

/// The rectangle inside the axes. Nothing is drawn outside of it.
struct PlotArea {
    let x: Axis
    let y: Axis
    let left: Double
    let top: Double
    let width: Double
    let height: Double

    var right: Double { left + width }
    var bottom: Double { top + height }

    /// Position of a point, possibly outside the area; nil if one of its axes has no position for it.
    func pixel(_ point: Point) -> Pixel? {
        guard let across = x.position(point.x), let up = y.position(point.y) else { return nil }
        return Pixel(x: left + across * width, y: bottom - up * height)
    }

    func contains(_ pixel: Pixel) -> Bool {
        let slack = 1e-6
        return pixel.x >= left - slack && pixel.x <= right + slack && pixel.y >= top - slack
            && pixel.y <= bottom + slack
    }

    /// A line through points. It is clipped to the area, and interrupted at points without a position.
    func lines(through points: [Point]) -> [[Pixel]] {
        var lines: [[Pixel]] = []
        var line: [Pixel] = []
        func end() {
            if line.count > 1 { lines.append(line.thinned()) }
            line = []
        }
        var previous: Pixel?
        for point in points {
            let next = pixel(point)
            if let previous, let next, let (from, to) = cut(previous, next) {
                if line.last != from { end() }
                if line.isEmpty { line.append(from) }
                line.append(to)
            } else {
                end()
            }
            previous = next
        }
        end()
        return lines
    }

    /// The part of a straight segment inside the area; nil if none is.
    ///
    /// Source: Liang and Barsky, “A new concept and method for line clipping”, ACM Transactions on Graphics 3, 1984.
    private func cut(_ from: Pixel, _ to: Pixel) -> (Pixel, Pixel)? {
        let (dx, dy) = (to.x - from.x, to.y - from.y)
        var (enters, leaves) = (0.0, 1.0)
        for (direction, distance) in [
            (-dx, from.x - left), (dx, right - from.x), (-dy, from.y - top), (dy, bottom - from.y),
        ] {
            if direction == 0 {
                if distance < 0 { return nil }
            } else if direction < 0 {
                enters = max(enters, distance / direction)
            } else {
                leaves = min(leaves, distance / direction)
            }
        }
        guard enters <= leaves else { return nil }
        func at(_ share: Double) -> Pixel {
            // Returns the exact end points: `lines(through:)` compares them to decide whether the line continues.
            share == 0 ? from : share == 1 ? to : Pixel(x: from.x + share * dx, y: from.y + share * dy)
        }
        return (at(enters), at(leaves))
    }

    /// The part of a closed shape inside the area. Corners without a position are left out.
    ///
    /// Source: Sutherland and Hodgman, “Reentrant polygon clipping”, Communications of the ACM 17, 1974.
    func shape(_ corners: [Point]) -> [Pixel] {
        var shape = corners.compactMap(pixel)
        shape = shape.cut { $0.x - left }
        shape = shape.cut { right - $0.x }
        shape = shape.cut { $0.y - top }
        shape = shape.cut { bottom - $0.y }
        return shape
    }
}

extension [Pixel] {
    /// The part of a closed shape on the side of a straight edge where the linear function `inside` is at least 0.
    fileprivate func cut(_ inside: (Pixel) -> Double) -> [Pixel] {
        var kept: [Pixel] = []
        for (index, corner) in enumerated() {
            let previous = self[index == 0 ? count - 1 : index - 1]
            let (before, here) = (inside(previous), inside(corner))
            if (before < 0) != (here < 0) {
                let share = before / (before - here)
                kept.append(
                    Pixel(
                        x: previous.x + share * (corner.x - previous.x), y: previous.y + share * (corner.y - previous.y)
                    ))
            }
            if here >= 0 { kept.append(corner) }
        }
        return kept
    }

    /// The same line with fewer points. It deviates from the original by at most `tolerance` pixels, which is not
    /// visible.
    ///
    /// Source: Douglas and Peucker, “Algorithms for the reduction of the number of points required to represent a
    /// digitized line or its caricature”, Cartographica 10, 1973.
    func thinned(tolerance: Double = 0.2) -> [Pixel] {
        guard count > 2 else { return self }
        var isKept = [Bool](repeating: false, count: count)
        (isKept[0], isKept[count - 1]) = (true, true)
        var open = [(0, count - 1)]
        while let (first, last) = open.popLast() {
            var (farthest, distance) = (first, tolerance)
            for index in first..<last where index > first {
                let off = self[index].distance(from: self[first], to: self[last])
                if off > distance { (farthest, distance) = (index, off) }
            }
            guard farthest > first else { continue }
            isKept[farthest] = true
            open += [(first, farthest), (farthest, last)]
        }
        return indices.filter { isKept[$0] }.map { self[$0] }
    }
}

extension Pixel {
    fileprivate func distance(from a: Pixel, to b: Pixel) -> Double {
        let (dx, dy) = (b.x - a.x, b.y - a.y)
        let length = dx * dx + dy * dy
        let share = length == 0 ? 0 : Swift.min(1, Swift.max(0, ((x - a.x) * dx + (y - a.y) * dy) / length))
        let (offX, offY) = (x - a.x - share * dx, y - a.y - share * dy)
        return (offX * offX + offY * offY).squareRoot()
    }
}
