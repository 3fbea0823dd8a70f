import TestSupport

extension ParsedMarkup {
    func paths(_ kind: String) -> [[Place]] {
        elements.filter { $0.attributes["class"]?.split(separator: " ").first.map(String.init) == kind }
            .compactMap { $0.attributes["d"] }.map(Place.all)
    }
    /// All points drawn between the axes.
    var drawn: [Place] {
        let circles = elements.filter { $0.name == "circle" }.compactMap { circle -> Place? in
            guard let x = circle.attributes["cx"].flatMap(Double.init),
                let y = circle.attributes["cy"].flatMap(Double.init)
            else { return nil }
            return Place(x: x, y: y)
        }
        return ["line", "dots", "area", "box"].flatMap(paths).flatMap { $0 } + circles
    }
}

struct Place: Hashable {
    var x: Double
    var y: Double

    /// The points of a path with absolute M and L commands.
    static func all(_ path: String) -> [Place] {
        path.split { "ML".contains($0) }.map { step in
            let numbers = step.split { " hvz".contains($0) }.prefix(2).map { Double($0) ?? .nan }
            return Place(x: numbers.first ?? .nan, y: numbers.count > 1 ? numbers[1] : .nan)
        }
    }
}
