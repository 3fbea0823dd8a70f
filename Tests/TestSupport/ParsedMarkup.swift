import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// A document parsed by a strict XML parser.
public final class ParsedMarkup: NSObject, XMLParserDelegate {
    public struct Element {
        public var name: String
        public var attributes: [String: String]
        public var text = ""
    }
    public private(set) var elements: [Element] = []
    /// All text, in document order.
    public private(set) var text = ""
    private var open: [Int] = []

    /// - Returns: Nil if the document is not well-formed.
    public init?(_ document: String) {
        super.init()
        let parser = XMLParser(data: Data(document.utf8))
        parser.delegate = self
        guard parser.parse() else { return nil }
    }

    public func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        open.append(elements.count)
        elements.append(Element(name: name, attributes: attributes))
    }
    public func parser(
        _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
    ) {
        open.removeLast()
    }
    public func parser(_ parser: XMLParser, foundCharacters string: String) {
        text += string
        if let last = open.last { elements[last].text += string }
    }
}
