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

    @Test func `lists every key with its environment variable`() throws {
        let page = try text("docs/configuration.md")
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }
        for key in ConfigurationBuilder.Key.allCases {
            let variable = "`PHI_\(key.rawValue.uppercased())`"
            let isNamed = rows.contains { row in
                (row.hasPrefix("| `\(key.rawValue)`") || row.hasPrefix("| `\(key.rawValue).")) && row.contains(variable)
            }
            #expect(isNamed, "\(key)")
        }
        // The documented defaults of nested keys must match those that a printed configuration shows.
        let standard = try read("damping: {}\nrecord: {folder: r}").yaml.joined(separator: "\n")
        for row in rows where row.hasPrefix("| `hold.") || row.hasPrefix("| `damping.") || row.hasPrefix("| `record.") {
            let columns = row.split(separator: "|").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
            guard let key = columns[0].split(separator: ".").last, !columns[2].isEmpty else { continue }
            #expect(standard.contains("  \(key): \(columns[2])  # default"), "\(row)")
        }
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
