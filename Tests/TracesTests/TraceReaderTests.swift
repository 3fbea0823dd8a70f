import Foundation
import Testing
import Traces

@Suite struct `A trace` {
    @Test func `is read row by row, with nodes numbered by appearance`() throws {
        let fixture = try #require(folder("Fixtures")).appendingPathComponent("two-nodes.csv")
        let reading = Reading(path: fixture.path)
        #expect(reading.error == nil)
        #expect(reading.nodes == ["web-1", "café"])
        #expect(reading.rows.map(\.node) == [0, 1, 0, 1, 0, 0, 1])
        #expect(reading.rows.map(\.sequence) == [7, 100, 8, 101, 10, 9, 102])
        #expect(reading.rows.allSatisfy { $0.sent == nil })
        #expect(reading.rows.map { $0.arrival / 100_000_000 } == [0, 5, 10, 25, 30, 30, 45])
    }
    @Test func `has send times where the recording has them`() throws {
        let fixture = try #require(folder("Fixtures")).appendingPathComponent("one-node.csv")
        let reading = Reading(path: fixture.path)
        #expect(reading.rows.count == 5)
        #expect(reading.rows[3] == TraceRow(node: 0, sequence: 5, sent: 4_000_000_000, arrival: 4_350_000_000))
    }
    @Test func `may use all 64 bits, CRLF, and no final line end`() throws {
        let fixture = try #require(folder("Fixtures")).appendingPathComponent("extremes.csv")
        let reading = Reading(path: fixture.path)
        #expect(reading.error == nil)
        #expect(
            reading.rows == [
                TraceRow(node: 0, sequence: -1, sent: .min, arrival: .min),
                TraceRow(node: 0, sequence: .max, sent: nil, arrival: .max),
            ])
    }
    @Test(arguments: [
        "", "\n", "\r\n", "\n\n\n",
    ]) func `may end in blank lines`(end: String) {
        let reading = Reading(header + "a,1,,5" + end)
        #expect(reading.error == nil)
        #expect(reading.rows == [TraceRow(node: 0, sequence: 1, sent: nil, arrival: 5)])
    }
    @Test(arguments: [header, "node,seq,sent_ns,arrival_ns", "\u{FEFF}" + header, header + "\n"])
    func `may have only a header`(text: String) {
        let reading = Reading(text)
        #expect(reading.error == nil)
        #expect(reading.rows.isEmpty)
    }
    @Test func `may begin with a byte order mark`() {
        let reading = Reading("\u{FEFF}" + header + "a,1,,5\n")
        #expect(reading.error == nil)
        #expect(reading.rows.count == 1)
    }
    @Test func `may repeat arrival times and heartbeats, and have leading zeros`() {
        let reading = Reading(lines: "a,1,,5", "a,1,,5", "b,01,-0,0000000000000000000000000005")
        #expect(reading.error == nil)
        #expect(reading.rows.last == TraceRow(node: 1, sequence: 1, sent: 0, arrival: 5))
    }
    @Test func `distinguishes thousands of names`() {
        let names = (0..<3000).map { "node-\($0 * 7919 % 3000)" }
        let lines = (names + names).map { "\($0),1,,0\n" }.joined()
        let reading = Reading(header + lines)
        #expect(reading.nodes == names)
        #expect(reading.rows.map(\.node) == Array(0..<3000) + Array(0..<3000))
    }
    @Test func `is read completely, however long`() {
        let trace = longTrace(rows: 40_000)
        #expect(Reading(trace.text).rows == trace.rows)
    }
    @Test func `may come from standard input`() throws {
        let fixture = try #require(folder("Fixtures")).appendingPathComponent("one-node.csv")
        let terminal = dup(STDIN_FILENO)
        let file = open(fixture.path, O_RDONLY)
        dup2(file, STDIN_FILENO)
        defer {
            dup2(terminal, STDIN_FILENO)
            close(terminal)
            close(file)
        }
        #expect(Reading(path: "-").rows.count == 5)
    }
}

private let recordings =
    ProcessInfo.processInfo.environment["PHI_TRACES"].map { URL(fileURLWithPath: $0) } ?? folder("shared/traces")

@Suite(.enabled(if: recordings != nil, "no recordings: set PHI_TRACES or put them into ../shared/traces"))
struct `The recordings` {
    @Test func `are read to the end`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: try #require(recordings).path)
        let traces = files.filter { $0.hasSuffix(".csv.gz") }
        #expect(!traces.isEmpty)
        for name in traces {
            let reading = Reading(path: try #require(recordings).appendingPathComponent(name).path)
            #expect(reading.error == nil)
            #expect(reading.rows.count > 0 && !reading.nodes.isEmpty, "\(name)")
        }
    }
}
