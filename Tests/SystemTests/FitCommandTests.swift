import Foundation
import PhiAccrual
import TestSupport
import Testing

extension SystemTests {
    @Suite struct `A fit of recordings` {
        @Test(.tags(.slow)) func `makes a profile that a replay uses for new nodes`() async throws {
            try await TestBed.run { bed in
                for (name, seed) in [("a.csv", 5), ("b.csv", 6)] as [(String, UInt64)] {
                    try lateTrace(seed: seed).write(toFile: bed.path(name), atomically: false, encoding: .utf8)
                }
                let arguments = [
                    "fit", "a.csv", "b.csv", "--name", "depot", "--kind", "wifi", "--origin", "a.csv=made up", "-o",
                ]
                let fit = try bed.phi(arguments + ["depot.json"])
                #expect(try await fit.exit() == 0, "\(fit.errors)")
                #expect(fit.output.first?.contains("WITHOUT PROFILE") ?? false && fit.errors == [])
                let profile = try JSONDecoder().decode(Profile.self, from: Data(bed.contents("depot.json").utf8))
                #expect(profile.name == "depot" && profile.kind == "wifi")
                #expect(profile.provenance.map(\.trace) == ["a.csv", "b.csv"])
                #expect(profile.provenance.map(\.origin) == ["made up", nil])
                #expect(profile.provenance.map(\.heartbeats) == [1999, 1999])

                // Each run writes the same bytes, and standard output contains nothing else.
                let again = try bed.phi(arguments + ["-"])
                #expect(try await again.exit() == 0)
                #expect(again.output == [try bed.contents("depot.json").trimmingCharacters(in: .newlines)])

                let alone = try await firstSilence(in: bed, [])
                let lent = try await firstSilence(in: bed, ["--profile", "./depot.json"])
                let builtIn = try await firstSilence(in: bed, ["--profile", "wan"])
                // A fifth of the heartbeats come three intervals late. At this price, a longer timeout costs less than
                // suspecting the node each time.
                #expect(lent > 4_000_000_000)
                #expect(builtIn < lent && builtIn < alone)
            }
        }

        @Test func `never overwrites its input`() async throws {
            try await TestBed.run { bed in
                let trace = lateTrace(seed: 5)
                try trace.write(toFile: bed.path("a.csv"), atomically: false, encoding: .utf8)
                let fit = try bed.phi("fit", "a.csv", "--name", "depot", "-o", "a.csv")
                #expect(try await fit.exit() == 2)
                #expect(fit.errors == ["phi: cannot write a.csv: this command already uses the file; name another one"])
                #expect(try bed.contents("a.csv") == trace)
            }
        }

        @Test func `refuses the same trace twice`() async throws {
            try await TestBed.run { bed in
                for name in ["a.csv", "b.csv"] {
                    try lateTrace(seed: 5).write(toFile: bed.path(name), atomically: false, encoding: .utf8)
                }
                let fit = try bed.phi("fit", "a.csv", "b.csv", "--name", "depot", "-o", "-")
                #expect(try await fit.exit() == 2)
                #expect(fit.errors == ["phi: a.csv and b.csv have the same content: list each trace once"])
            }
        }

        @Test func `can be used by a running detector, which logs the profile`() async throws {
            try await TestBed.run { bed in
                let detector = try bed.phi(
                    "detect", "--profile", "cellular", "--heartbeats", "tcp://127.0.0.1:*", "--events",
                    "tcp://127.0.0.1:*", "--control", "tcp://127.0.0.1:*")
                let ready = try await detector.note("ready") { $0.contains("message=ready") }
                #expect(ready.contains("profile=cellular"))
            }
        }
    }
}

/// The timeout after the first heartbeat, in nanoseconds.
private func firstSilence(in bed: TestBed, _ options: [String]) async throws -> Int64 {
    let replay = try bed.phi(
        ["replay", "a.csv", "--interval", "1s", "--detector", "adaptive", "--policy", "price=100", "--json"]
            + ["--deadlines", "deadlines.csv"] + options)
    #expect(try await replay.exit() == 0, "\(replay.errors)")
    let named = #""profile":"# + (options.isEmpty ? "null" : options[1].hasPrefix(".") ? #""depot""# : #""wan""#)
    #expect(replay.output.first?.contains(named) ?? false)
    let first = try #require(try bed.contents("deadlines.csv").split(separator: "\n").dropFirst().first)
    let fields = first.split(separator: ",", omittingEmptySubsequences: false)
    return try #require(Int64(fields[4])) - (try #require(Int64(fields[2])))
}

private struct Profile: Decodable {
    struct Source: Decodable {
        var trace: String
        var origin: String?
        var heartbeats: Int
    }
    var name, kind: String
    var provenance: [Source]
}

/// A trace of one node with an interval of 1 s. Three lost heartbeats precede about every fifth arrival.
private func lateTrace(seed: UInt64) -> String {
    var random = SplitMix64(seed: seed)
    var sequence: Int64 = 0
    var lines = ["node,seq,sent_ns,arrival_ns"]
    for _ in 0..<2000 {
        let arrival = sequence * 1_000_000_000 + Int64.random(in: 0...20_000_000, using: &random)
        lines.append("node,\(sequence),,\(arrival)")
        sequence += Int64.random(in: 0..<5, using: &random) == 0 ? 4 : 1
    }
    return lines.joined(separator: "\n") + "\n"
}
