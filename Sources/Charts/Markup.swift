/// Text of an SVG or HTML document.
///
/// A string put into it is escaped, so that no name out of a file can become an element. What is to stay as it is must be
/// a literal, or `Markup` itself.
public struct Markup: Hashable, Sendable, ExpressibleByStringInterpolation, CustomStringConvertible {
    public private(set) var text: String

    public var description: String { text }

    public init(stringLiteral value: String) { text = value }
    public init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    public static func += (document: inout Markup, part: Markup) { document.text += part.text }

    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        public init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + 8 * interpolationCount)
        }
        public mutating func appendLiteral(_ literal: String) { text += literal }
        public mutating func appendInterpolation(_ string: String) { text += string.escaped }
        public mutating func appendInterpolation(_ markup: Markup) { text += markup.text }
        public mutating func appendInterpolation(_ parts: [Markup]) { for part in parts { text += part.text } }
        public mutating func appendInterpolation(_ number: Int) { text += String(number) }
        /// A place or a length in pixels.
        public mutating func appendInterpolation(_ length: Double) { text += length.tenths }
    }
}

extension String {
    /// Fit for text and for quoted attributes. What XML cannot hold at all becomes the sign for an unreadable character.
    fileprivate var escaped: String {
        unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            case "\t", "\n": text.unicodeScalars.append(scalar)
            case "\u{0}"..<"\u{20}", "\u{7F}"..<"\u{A0}", "\u{FFFE}", "\u{FFFF}": text += "\u{FFFD}"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}

extension Double {
    /// Rounded to tenths: less than the eye can tell of a pixel. What is no number, or lies beyond any page, is held on it.
    var tenths: String {
        guard !isNaN else { return "0" }
        let tenths = Int((Swift.min(Swift.max(self, -1e6), 1e6) * 10).rounded())
        let sign = tenths < 0 ? "-" : ""
        let (whole, rest) = tenths.magnitude.quotientAndRemainder(dividingBy: 10)
        return rest == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(rest)"
    }
}
