import Charts
import TestSupport
import Testing

@Suite struct `A piece of markup` {
    @Test(arguments: [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onload='x", "a & b &amp; c", "]]>", "<!--",
        "\u{0}\u{1}\u{B}\u{1F}\u{7F}\u{85}", "\u{FFFE}\u{FFFF}", "\u{202E}txet", "Zürich 東京 🛰", "",
    ]) func `keeps any text as text, in elements and in attributes`(text: String) throws {
        let document: Markup = "<p title=\"\(text)\">\(text)</p>"
        let page = try #require(ParsedMarkup(document.text), "not well-formed: \(document)")
        #expect(page.elements.map(\.name) == ["p"])
        // Characters that XML cannot represent are replaced, and nothing else changes.
        let controls = text.unicodeScalars.contains { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) }
        if !controls && !text.contains("\u{FFFE}") {
            #expect(page.elements[0].text == text)
            #expect(page.elements[0].attributes["title"] == text)
        } else {
            #expect(page.elements[0].text.unicodeScalars.allSatisfy { $0 == "\u{FFFD}" })
        }
    }

    @Test func `inserts markup unchanged`() {
        let inner: Markup = "<b>\("<")</b>"
        #expect(("<p>\(inner)\([inner, inner])</p>" as Markup).text == "<p><b>&lt;</b><b>&lt;</b><b>&lt;</b></p>")
    }

    @Test(
        arguments: [
            (0.0, "0"), (1.25, "1.3"), (-0.04, "0"), (-0.25, "-0.3"), (12.0, "12"), (.nan, "0"), (.infinity, "1000000"),
            (-1e300, "-1000000"),
        ] as [(Double, String)])
    func `writes lengths as plain decimal numbers`(length: Double, text: String) {
        #expect(("\(length)" as Markup).text == text)
    }
}
