import Foundation
import NetworkProfiles
import PhiAccrual
import ProfileFitting
import TestSupport
import Testing

@Suite struct `A profile fit` {
    @Test func `describes each trace by its digest, nodes, and heartbeats`() throws {
        let source = try fitted("punctual", nodes: 2, heartbeats: 800, origin: "made up") { _ in 0 }.source
        #expect(source.heartbeats == 2 * 799 && source.nodes == 2 && source.origin == "made up")
        #expect(source.trace.contains("punctual") && !source.trace.contains("/"))
        #expect(source.sha256.count == 64)
    }

    /// Source: the example of FIPS 180-2, appendix B.1.
    @Test func `computes SHA-256 digests as the standard defines them`() throws {
        let path = Self.path("abc")
        try "abc".write(toFile: path, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(
            try InputFile.sha256(ofFile: path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(try InputFile.contents(ofFile: path, upTo: 3) == Array("abc".utf8))
        #expect(throws: CannotRead.self) { try InputFile.contents(ofFile: path, upTo: 2) }
        #expect(throws: CannotRead.self) { try InputFile.sha256(ofFile: path + ".none") }
    }

    /// One trace is ten times as long as the other. In the long one every heartbeat is on time, in the short one half
    /// are late.
    @Test func `weighs traces equally, whatever their length`() throws {
        let fit = ProfileFit([
            try fitted("long", nodes: 1, heartbeats: 20_000) { _ in 0 },
            try fitted("short", nodes: 1, heartbeats: 2000) { $0.chance(0.5) ? 0 : 0.9 },
        ])
        let table = try #require(fit.lateness.tables["last"]?.first)
        // Only late heartbeats that follow a punctual one count as later than a quarter of an interval. They are a
        // quarter of the short trace.
        let late = Double(table.dropFirst(6 + 1 + 4 + 8).reduce(0, +)) / Double(LatenessProfile.heartbeats)
        #expect(abs(late - 0.125) < 0.01, "\(late)")
    }

    @Test func `tests each trace on a profile of the others`() throws {
        // Both traces follow one distribution, so each of them predicts the other.
        let twins = try ["a", "b"].map { name in
            try fitted(name, nodes: 2, heartbeats: 1500) { -0.2 * log1p(-Double.random(in: 0..<1, using: &$0)) }
        }
        let fit = ProfileFit(twins)
        #expect(fit.rows.count == 2 * ProfileFit.horizons.count * ProfileFit.policies.count)
        for row in fit.rows {
            #expect(row.alone.heartbeats == row.profiled.heartbeats && row.alone.heartbeats >= 200 * row.horizon)
            #expect(row.profiled.timeout < row.alone.timeout, "\(row)")
        }
        let calibration = try #require(fit.calibration)
        #expect(Set(calibration.log10Errors.keys) == Set(twins.map(\.source.trace)))
        for error in calibration.log10Errors.values { #expect(error > -0.7 && error < 0.3, "\(error)") }
    }

    @Test func `of short-lived nodes evaluates the horizons that it can`() throws {
        let traces = try ["a", "b"].map { name in try fitted(name, nodes: 60, heartbeats: 30) { _ in 0 } }
        let fit = ProfileFit(traces)
        #expect(Set(fit.rows.map(\.horizon)) == [10])
        #expect(fit.calibration == nil)
    }

    @Test func `of a single trace has no evaluation`() throws {
        let fit = ProfileFit([try fitted("a", nodes: 1, heartbeats: 1500) { _ in 0 }])
        #expect(fit.rows.isEmpty && fit.calibration == nil)
    }

    @Test(arguments: [0, 1, 2, 500]) func `needs at least 1000 heartbeats`(heartbeats: Int) throws {
        let error = #expect(throws: TooFewHeartbeats.self) {
            try fitted("few", nodes: 1, heartbeats: heartbeats) { _ in 0 }
        }
        #expect(error?.description.contains("must have at least 1000 heartbeats") ?? false)
    }

    // MARK: Synthetic traces

    private static func path(_ name: String) -> String { "/tmp/phi-fit-\(name)-\(UUID().uuidString.prefix(8)).csv" }

    /// - Parameter lateness: In units of the interval, which is 100 ms.
    private func fitted(
        _ name: String, nodes: Int, heartbeats: Int, origin: String? = nil, _ lateness: (inout SplitMix64) -> Double
    ) throws -> FittedTrace {
        var random = SplitMix64(seed: UInt64(name.utf8.reduce(0) { $0 + Int($1) }))
        var rows: [(arrival: Int64, line: String)] = []
        for node in 0..<nodes {
            var last: Int64 = 0
            for sequence in 0..<heartbeats {
                let arrival = max(last, Int64(1e8 * (Double(sequence) + lateness(&random))))
                last = arrival
                rows.append((arrival, "node-\(node),\(sequence),,\(arrival)"))
            }
        }
        let path = Self.path(name)
        let lines = ["node,seq,sent_ns,arrival_ns"] + rows.sorted { $0.arrival < $1.arrival }.map(\.line)
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try FittedTrace(path: path, origin: origin)
    }
}
