import Evaluation
import Foundation
import PhiAccrual
import Testing
import Traces

@Suite struct `A replay` {
    @Test func `computes the deadlines of a regular sender to 2 ns`() throws {
        // All gaps are exactly 1 s. The model starts with two pseudo-gaps of 0.75 s and 1.25 s. After n real gaps the
        // deviation is the square root of 2 · 0.25² / (n + 2), and at least a tenth of the mean.
        let steps = try steps(of: "steady.csv", policy: .phi(8))
        #expect(steps.map(\.sequence) == Array(0..<12))
        #expect(steps[0].deadline == nil && steps[0].phi == nil && steps[1].phi == nil)
        let z = NormalTail.quantile(phi: 8)
        for (index, step) in steps.enumerated().dropFirst() {
            let deviation = max(0.1, (2 * 0.0625 / Double(index + 2)).squareRoot())
            let expected = Double(step.arrival) + 1e9 * (1 + z * deviation)
            let deadline = try #require(step.deadline)
            #expect(abs(Double(deadline) - expected) <= 2)
        }
        #expect(steps[5].phi.map { abs($0 - 0.30103) < 1e-4 } == true)  // at the mean, half of the gaps are longer
    }

    @Test func `uses an announced interval from the first heartbeat on`() throws {
        let steps = try steps(of: "steady.csv", policy: .phi(8), interval: .seconds(1))
        #expect(steps[0].deadline != nil)
    }

    @Test func `suspects at the deadline and trusts at the arrival`() throws {
        var events: [Event] = []
        var deadlines: [Int64?] = []
        var replay = TraceReplay<NormalModel>(levels: [.suspect(.phi(3))], model: .init(), interval: .seconds(1))
        try replay.run(TraceReader(path: fixture("outage.csv"))) {
            events.append($0)
        } onStep: {
            deadlines.append($0.deadline)
        }
        let transitions = events.compactMap { if case .transition(let transition) = $0 { transition } else { nil } }
        #expect(transitions.map(\.to) == [.learning, .trusted, .suspected, .trusted])
        #expect(transitions[2].at.nanoseconds == deadlines[4])
        #expect(transitions[3].at.nanoseconds == 20_000_000_000)
        #expect(transitions[2].evidence.ownLate == 0)
        #expect(transitions[3].evidence.missing == 15)
        #expect(replay.report().mistakes == 1)
        #expect(replay.report().losses == 15)
    }

    @Test func `skips out-of-order and duplicate heartbeats`() throws {
        let steps = try steps(of: "disorder.csv", policy: .phi(8))
        #expect(steps.map { "\($0.node) \($0.sequence)" } == ["a 1", "b 1", "a 3", "a 4", "b 2", "a 5"])
    }

    @Test func `is deterministic`() throws {
        for name in ["steady.csv", "outage.csv", "disorder.csv"] {
            #expect(try steps(of: name, policy: .phi(2)) == steps(of: name, policy: .phi(2)))
        }
    }

    private func steps(
        of name: String, policy: Policy, interval: Duration? = nil
    ) throws -> [TraceReplay<NormalModel>.Step] {
        var steps: [TraceReplay<NormalModel>.Step] = []
        var replay = TraceReplay<NormalModel>(levels: [.suspect(policy)], model: .init(), interval: interval)
        try replay.run(TraceReader(path: fixture(name))) { steps.append($0) }
        return steps
    }
}

/// Replays all available recordings. They are not part of the repository.
@Suite(.enabled(if: !recordings.isEmpty, "no recordings: set PHI_TRACES to a folder of *.csv.gz"))
struct `Replays of real recordings` {
    @Test(arguments: recordings) func `end without an error, with valid deadlines`(path: String) throws {
        var replay = TraceReplay<NormalModel>(levels: [.suspect()], model: .init())
        var (steps, invalid) = (0, 0)
        try replay.run(TraceReader(path: path)) { step in
            steps += 1
            if let deadline = step.deadline, deadline < step.arrival { invalid += 1 }
            if let phi = step.phi, !phi.isFinite || phi < 0 { invalid += 1 }
        }
        #expect(steps > 0 && invalid == 0)
        #expect(replay.report().samples == steps)
    }
}

private func fixture(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/\(name)").path
}

/// The `*.csv.gz` files in the folder that PHI_TRACES names, else in `shared/traces` beside the package.
private let recordings: [String] = {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let folder =
        ProcessInfo.processInfo.environment["PHI_TRACES"]
        ?? package.deletingLastPathComponent().appendingPathComponent("shared/traces").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".csv.gz") }.sorted().map { "\(folder)/\($0)" }
}()
