import Foundation
import PhiAccrual
import TestSupport
import Testing

@testable import Comparison

@Suite struct `Trace diagnostics` {
    private static let trace = RecordedArrivals.madeUp(nodes: 2, heartbeats: 1000, seed: 4)
    private static let comparison = DetectorComparison(trace)
    private static let diagnostics = TraceDiagnostics(of: trace, comparison)
    private var diagnostics: TraceDiagnostics { Self.diagnostics }

    @Test func `count the mistakes that the curve has`() throws {
        // The curve is from a sweep over plain arrivals, the diagnostics are from a run of the whole detector.
        let view = try #require(diagnostics.views.first)
        let point = try #require(
            Self.comparison.adaptive.points.first { (try? Policy(parsing: $0.parameter))?.description == view.policy })
        #expect(point.mistakes > 0 && diagnostics.mistakes == point.mistakes && view.rate == point.rate)
        #expect(diagnostics.episodes.count == min(6, point.mistakes))
        for point in Self.comparison.adaptive.points where point.mistakes > 0 {
            let nearest =
                abs(log(point.rate / TraceDiagnostics.rate)) >= abs(log((view.rate ?? 1) / TraceDiagnostics.rate))
            #expect(nearest, "\(point.parameter)")
        }
    }

    @Test func `agree with the calibration of φ`() throws {
        #expect(!Self.comparison.calibration.isEmpty)
        for line in Self.comparison.calibration {
            let point = try #require(diagnostics.views[0].calibration.first { $0.phi == line.phi })
            let log10Error = try #require(line.log10Error)
            #expect(abs(log10(point.observedShare / point.promisedShare) - log10Error) < 1e-9)
            #expect(abs(point.expected - line.expected) < 1e-9)
        }
    }

    @Test func `have the survival function of the gaps`() throws {
        let gaps = zip(Self.trace.nodes, Self.trace.arrivalsByNode).flatMap { node, arrivals in
            arrivals.dropFirst(200).map { Double($0.gap) / node.interval }
        }
        let steps = diagnostics.gaps.steps
        #expect(steps.count > 20)
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.length < $1.length && $0.longer > $1.longer })
        for step in steps {
            #expect(abs(step.longer - Double(gaps.count { $0 > step.length }) / Double(gaps.count)) < 1e-12)
        }
        // Omitted steps change the curve by less than is visible.
        for (step, next) in zip(steps, steps.dropFirst()) where next.longer > 0 {
            for gap in gaps where gap > step.length && gap < next.length {
                let share = Double(gaps.count { $0 > gap }) / Double(gaps.count)
                #expect(share > step.longer * 0.985 || gap < step.length * 1.011, "\(gap) of \(step)")
            }
        }
    }

    @Test func `record the gaps that a detector expects`() {
        // Gaps as the normal detector assumes them: 100 ± 10 ms.
        var random = SplitMix64(seed: 9)
        let arrivals = (0..<6000).map { _ in
            let sum = (0..<12).reduce(0.0) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
            return Arrival(gap: Int64(100e6 + 10e6 * (sum - 6)), step: 1)
        }
        let trace = RecordedArrivals.of("normal", nodes: [arrivals])
        let walk = DetectorRun<NormalModel>(policy: .phi(3), parameters: .init(floor: 0))
        let fit = Observation(of: walk, trace, lengths: [0.9, 1, 1.1, 1.2, 1.3], windows: []).fit
        // The shares of a standard normal distribution beyond −1 … 3.
        for (index, share) in [0.841345, 0.5, 0.158655, 0.022750, 0.001350].enumerated() {
            #expect((0.9...1.15).contains(fit.average[index] / share), "\(fit.average[index]) for \(share)")
            #expect((0.6...1.6).contains(fit.atEnd[index] / share), "\(fit.atEnd[index]) for \(share)")
        }
    }

    @Test func `show mistakes as they happened`() throws {
        for episode in diagnostics.episodes {
            let node = try #require(Self.trace.nodes.firstIndex { $0.name == episode.node })
            #expect(Self.trace.arrivalsByNode[node].contains { abs(Double($0.gap) / 1e9 - episode.silence) < 1e-9 })
            #expect(episode.arrivals.contains(0) && episode.arrivals.contains { abs($0 - episode.silence) < 1e-9 })
            #expect(!episode.arrivals.contains { $0 > 0 && $0 < episode.silence - 1e-9 })
            #expect(episode.arrivals.allSatisfy(episode.shown.contains))
            #expect(episode.tracks.map(\.detector) == ["adaptive", "normal", "exponential"])
            for track in episode.tracks {
                let times = track.phi.map(\.time)
                #expect(times.count > 100 && times.allSatisfy(episode.shown.contains))
                #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
                #expect(track.deadlines.allSatisfy(episode.shown.contains))
                // During the silence, suspicion only grows.
                let growing = track.phi.filter { $0.time > 0 && $0.time < episode.silence }.map(\.phi)
                #expect(zip(growing, growing.dropFirst()).allSatisfy { $0 <= $1 })
            }
            // The adaptive detector was wrong from its deadline to the end of the silence.
            let wrong = try #require(
                episode.tracks[0].suspected.first { abs($0.upperBound - episode.silence) < 1e-9 })
            #expect(wrong.lowerBound > 0 && episode.tracks[0].deadlines.contains { abs($0 - wrong.lowerBound) < 1e-9 })
        }
    }

    @Test func `exist for traces with nothing to show`() {
        let empty = RecordedArrivals(name: "empty", nodes: [])
        let short = RecordedArrivals.madeUp(nodes: 2, heartbeats: 30, seed: 1)
        let still = RecordedArrivals.of("still", nodes: [.init(repeating: Arrival(gap: 0, step: 1), count: 250)])
        for trace in [empty, short, still] {
            let diagnostics = TraceDiagnostics(of: trace, DetectorComparison(trace))
            #expect(diagnostics.episodes.count <= 6 && diagnostics.name == trace.name)
            #expect(diagnostics.gaps.steps.allSatisfy { $0.length.isFinite && $0.longer.isFinite })
        }
    }

    @Test(arguments: [(0, 6, []), (3, 6, [0, 1, 2]), (12, 3, [2, 6, 10]), (5, 1, [2])])
    func `choose elements evenly`(count: Int, most: Int, chosen: [Int]) {
        #expect(Array(0..<count).spread(most) == chosen)
    }
}

extension RecordedArrivals {
    /// Nodes with a mean gap of about 100 ms, jitter, and some heartbeats that are much later.
    static func madeUp(nodes: Int, heartbeats: Int, seed: UInt64) -> RecordedArrivals {
        var random = SplitMix64(seed: seed)
        let arrivals = (0..<nodes).map { _ in
            (0..<heartbeats).map { _ in
                let late = random.chance(0.02) ? 150e6 : 10e6
                return Arrival(gap: Int64(95e6 + late * Double.random(in: 0..<1, using: &random)), step: 1)
            }
        }
        return .of("made-up", nodes: arrivals)
    }

    /// A recording of nodes that all begin at 0.
    static func of(_ name: String, nodes: [[Arrival]]) -> RecordedArrivals {
        var heartbeats: [(node: Int, sequence: Int64, time: Int64)] = []
        for (node, arrivals) in nodes.enumerated() {
            var (sequence, time): (Int64, Int64) = (0, 0)
            heartbeats.append((node, sequence, time))
            for arrival in arrivals {
                (sequence, time) = (sequence + arrival.step, time + arrival.gap)
                heartbeats.append((node, sequence, time))
            }
        }
        var recording = RecordedArrivals(name: name, nodes: nodes.indices.map { "node \($0)" })
        for heartbeat in heartbeats.sorted(by: { ($0.time, $0.node, $0.sequence) < ($1.time, $1.node, $1.sequence) }) {
            recording.append(heartbeat.sequence, at: heartbeat.time, node: heartbeat.node)
        }
        return recording
    }
}
