import Foundation
import PhiAccrual
import Testing

@testable import Configuration

@Suite struct `The configuration documentation` {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.root.appendingPathComponent(path), encoding: .utf8)
    }

    @Test func `has a row for each key, as its declaration says`() throws {
        let declared = ConfigurationKey.all.flatMap(\.documentation)
        let rows = try rows(ofSection: "Keys")
        for row in declared where !rows.contains(row) { Issue.record("docs/configuration.md needs this row:\n\(row)") }
        #expect(rows == declared)
    }

    @Test func `has a row for each renamed key`() throws {
        let renamed = ConfigurationKey.all.flatMap(\.family).compactMap { key in
            key.formerName.map { "| `\(key.path.dropLast(key.name.count))\($0)` | `\(key.path)` |" }
        }
        #expect(try rows(ofSection: "Renamed keys") == renamed)
    }

    private func rows(ofSection title: String) throws -> [String] {
        let page = try text("docs/configuration.md")
        let start = try #require(page.firstRange(of: "\n## \(title)\n")).upperBound
        let end = page[start...].firstRange(of: "\n## ")?.lowerBound ?? page.endIndex
        return page[start..<end].split(separator: "\n").map(String.init).filter { $0.hasPrefix("| `") }
    }

    @Test(arguments: ["docs/configuration.md", "examples/phi.yaml"])
    func `has an example that parses as intended`(path: String) throws {
        var example = try text(path)
        if path.hasSuffix(".md") {
            let start = try #require(example.firstRange(of: "```yaml\n"))
            let end = try #require(example[start.upperBound...].firstRange(of: "```"))
            example = String(example[start.upperBound..<end.lowerBound])
        }
        let configuration = try read(example).configuration
        #expect(configuration.heartbeats == ["tcp://*:7710"])
        #expect(configuration.levels.map(\.name) == ["suspect", "evict"])
        #expect(configuration.expected.map(\.description) == ["edge/edge-1", "edge/edge-2"])
        #expect(configuration.hold == HoldRule())
        #expect(configuration.recovery == RecoveryRule(flaps: 5))
        #expect(configuration.limits.nodes == 10_000)
    }
}
