import Foundation
import PhiAccrual
import TestSupport
import Testing

@testable import Comparison
@testable import ComparisonReport

@Suite struct `A comparison page` {
    private static let hostile = "<script>alert('x')</script>\"&amp;\u{202E}"

    private static func page(_ traces: [RecordedArrivals]) -> String {
        page([(traces, "Recordings")])
    }
    private static func page(_ parts: [(traces: [RecordedArrivals], title: String)]) -> String {
        var diagnostics: [TraceDiagnostics] = []
        let parts = parts.map { traces, title in
            var report = ComparisonResults()
            for trace in traces {
                let contest = DetectorComparison(trace)
                report.add(contest)
                diagnostics.append(TraceDiagnostics(of: trace, contest))
            }
            return ComparisonPage.Part(title: title, report: report)
        }
        return ComparisonPage(parts, diagnostics).html
    }

    private static let whole = page([
        ([madeUp("plain", node: "a", seed: 1)], "Recordings"), ([madeUp(hostile, node: hostile, seed: 2)], hostile),
    ])

    @Test func `is well-formed`() throws {
        let tags = try #require(ParsedMarkup(Self.whole))
        #expect(tags.count(of: "svg") >= 2 * 4)
        #expect(tags.count(of: "section") == 2)
        #expect(tags.count(of: "table") >= 4)
    }

    @Test func `loads nothing and runs nothing`() throws {
        let tags = try #require(ParsedMarkup(Self.whole))
        for name in ["script", "link", "img", "image", "iframe", "object", "use", "foreignObject"] {
            #expect(tags.count(of: name) == 0)
        }
        for (name, value) in tags.attributes {
            #expect(!name.hasPrefix("on") && name != "src")
            if name == "href" { #expect(value.hasPrefix("#trace-")) }
        }
        for word in ["http:", "https:", "url(", "@import"] { #expect(!Self.whole.contains(word)) }
    }

    @Test func `shows names literally, and escapes invisible characters`() throws {
        let tags = try #require(ParsedMarkup(Self.whole))
        #expect(tags.text.contains("<script>alert('x')</script>\"&amp;\\u{202e}"))
        #expect(!Self.whole.contains("<script") && !Self.whole.contains("\u{202E}"))
    }

    @Test func `names every detector and links to every trace`() throws {
        let tags = try #require(ParsedMarkup(Self.whole))
        for detector in ["adaptive"] + ComparisonResults.baselineNames { #expect(tags.text.contains(detector)) }
        let targets = tags.attributes.filter { $0.name == "id" }.map { "#" + $0.value }
        let links = tags.attributes.filter { $0.name == "href" }.map(\.value)
        #expect(Set(links) == Set(targets) && links.count == 4)
    }

    @Test func `stays small`() { #expect(Self.whole.utf8.count < 2 * 120_000) }

    @Test func `is the same for the same traces`() {
        let pages = (0..<2).map { _ in Self.page([Self.madeUp("plain", node: "a", heartbeats: 260, seed: 1)]) }
        #expect(pages[0] == pages[1])
    }

    @Test func `is well-formed even with nothing to show`() throws {
        let still = Self.recording("still", .init(repeating: Arrival(gap: 0, step: 1), count: 250))
        let clockwork = Self.recording("clockwork", .init(repeating: Arrival(gap: 1_000_000_000, step: 1), count: 250))
        let extreme = Self.recording(
            "extreme", (0..<250).map { Arrival(gap: $0 == 240 ? .max : 1, step: $0 == 230 ? .max - 300 : 1) })
        for traces in [[], [RecordedArrivals(name: "empty", nodes: [])], [still], [clockwork], [extreme]] {
            let page = Self.page(traces)
            #expect(ParsedMarkup(page) != nil)
            #expect(!page.contains("nan ") && !page.contains("inf "))
        }
    }

    private static func madeUp(_ name: String, node: String, heartbeats: Int = 500, seed: UInt64) -> RecordedArrivals {
        var random = SplitMix64(seed: seed)
        let arrivals = (0..<heartbeats).map { _ in
            let late = random.chance(0.03) ? 2e9 : 0.2e9
            return Arrival(gap: Int64(0.9e9 + late * Double.random(in: 0..<1, using: &random)), step: 1)
        }
        return recording(name, node: node, arrivals)
    }

    private static func recording(_ name: String, node: String = "a", _ arrivals: [Arrival]) -> RecordedArrivals {
        var recording = RecordedArrivals(name: name, nodes: [node])
        var (now, sequence): (Int64, Int64) = (0, 0)
        recording.append(sequence, at: now, node: 0)
        for arrival in arrivals {
            (now, sequence) = (now.addingSaturated(arrival.gap), sequence.addingSaturated(arrival.step))
            recording.append(sequence, at: now, node: 0)
        }
        return recording
    }
}

@Suite struct `Numbers on a page` {
    @Test(
        arguments: [
            (1.0, "1"), (0.7, "0.7"), (0.5, "1 in 2"), (0.1, "1 in 10"), (0.03, "1 in 33"), (1e-4, "1 in 10000"),
            (1e-5, "1 in 10⁵"), (2.5e-7, "1 in 4·10⁶"), (1e-12, "1 in 10¹²"), (0, "none"), (.nan, "none"),
            (.leastNonzeroMagnitude, "none"), (.infinity, "none"),
        ] as [(Double, String)])
    func `show shares as one in so many`(share: Double, text: String) { #expect(NumberFormatting.share(share) == text) }

    @Test(
        arguments: [
            (0.0005, "500 µs"), (1, "1 s"), (59, "59 s"), (60, "1 min"), (-3600, "-1 h"), (5400, "1.5 h"),
            (172_800, "2 d"),
        ] as [(Double, String)])
    func `show tick times with units`(seconds: Double, text: String) { #expect(NumberFormatting.tick(seconds) == text) }

    @Test(arguments: [(0, "0"), (999, "999"), (1000, "1 000"), (-1000, "-1 000"), (1_234_567, "1 234 567")])
    func `are grouped by thousands`(number: Int, text: String) {
        #expect(number.grouped.replacing("\u{202F}", with: " ") == text)
    }
}

extension ParsedMarkup {
    fileprivate func count(of name: String) -> Int { elements.count { $0.name == name } }
    fileprivate var attributes: [(name: String, value: String)] {
        elements.flatMap { $0.attributes.map { ($0.key, $0.value) } }
    }
}
