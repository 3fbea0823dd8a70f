import Charts
import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// A document read by a parser that forgives nothing.
final class Drawing: NSObject, XMLParserDelegate {
    struct Element {
        var name: String
        var attributes: [String: String]
        var text = ""
    }
    private(set) var elements: [Element] = []
    private var open: [Int] = []

    /// Nil for what is not well-formed.
    init?(_ document: String) {
        super.init()
        let parser = XMLParser(data: Data(document.utf8))
        parser.delegate = self
        guard parser.parse() else { return nil }
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        open.append(elements.count)
        elements.append(Element(name: name, attributes: attributes))
    }
    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        open.removeLast()
    }
    func parser(_ parser: XMLParser, foundCharacters string: String) {
        if let last = open.last { elements[last].text += string }
    }

    func paths(_ kind: String) -> [[Place]] {
        elements.filter { $0.attributes["class"]?.split(separator: " ").first.map(String.init) == kind }
            .compactMap { $0.attributes["d"] }.map(Place.all)
    }
    /// Everything that was drawn between the axes.
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

    /// The absolute places of a path made of M and L.
    static func all(_ path: String) -> [Place] {
        path.split { "ML".contains($0) }.map { step in
            let numbers = step.split { " hvz".contains($0) }.prefix(2).map { Double($0) ?? .nan }
            return Place(x: numbers.first ?? .nan, y: numbers.count > 1 ? numbers[1] : .nan)
        }
    }
}
