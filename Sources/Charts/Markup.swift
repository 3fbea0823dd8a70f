/// Text of an SVG or HTML document.
///
/// Interpolated strings are escaped, so a name from a file cannot become an element. Only literals and `Markup` values
/// are inserted unescaped.
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
        /// A coordinate or a length in pixels.
        public mutating func appendInterpolation(_ length: Double) { text += length.tenths }
    }
}

extension String {
    /// Escaped for text and quoted attributes. Characters that XML does not allow become U+FFFD, the replacement
    /// character.
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
    /// Rounded to tenths of a pixel, which is below what is visible. NaN becomes 0, and values beyond ±1,000,000 are
    /// clamped.
    var tenths: String {
        guard !isNaN else { return "0" }
        let tenths = Int((Swift.min(Swift.max(self, -1e6), 1e6) * 10).rounded())
        let sign = tenths < 0 ? "-" : ""
        let (whole, rest) = tenths.magnitude.quotientAndRemainder(dividingBy: 10)
        return rest == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(rest)"
    }
}
