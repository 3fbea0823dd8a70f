import PhiAccrual
import Testing

@testable import Comparison

@Suite struct `A cold start` {
    /// One heartbeat per second, and a pause of 7 s before every 30th.
    private func paused(_ count: Int) -> RecordedArrivals {
        var recording = RecordedArrivals(name: "paused", nodes: ["a"])
        var now: Int64 = 0
        for number in 0...count {
            recording.append(Int64(number), at: now, node: 0)
            now += (number + 1) % 30 == 0 ? 7_000_000_000 : 1_000_000_000
        }
        return recording
    }

    @Test func `counts the mistakes that follow each start`() throws {
        let life = ColdStart(paused(1500))
        let fixed = try #require(life.rows.first { $0.detector == "fixed 5 intervals" })
        // There is a start every 150 arrivals, up to 1,350. It counts for a horizon if that many arrivals follow it.
        #expect(fixed.horizons.map(\.heartbeats) == [10, 100, 1000])
        #expect(fixed.horizons.map(\.starts) == [10, 10, 4])
        // The mean gap of 1.2 s is larger than the median. Five mean gaps are 6 s, less than every pause.
        #expect(fixed.horizons.allSatisfy { $0.timeout.map { abs($0 - 5) < 1e-6 } ?? false })
        for horizon in fixed.horizons {
            let starts = (0..<10).map { $0 * 150 }.filter { $0 + horizon.heartbeats <= 1500 }
            let pauses = starts.reduce(0) { sum, start in
                sum + (start + 1...start + horizon.heartbeats).count { $0 % 30 == 0 }
            }
            #expect(horizon.mistakes == Double(pauses) / Double(starts.count))
        }
    }

    @Test func `has a row for each detector, named as you write it`() {
        let names = ColdStart(paused(300)).rows.map(\.detector)
        #expect(names.count == 15 && Set(names).count == 15)
        #expect(names.starts(with: ["adaptive price=10", "adaptive price=100", "adaptive price=1000"]))
        #expect(names.contains("akka phi=8") && names.contains("hazelcast phi=10") && names.contains("chen"))
    }

    @Test func `weights recordings equally`() throws {
        let (long, short) = (ColdStart(paused(1500)), ColdStart(paused(200)))
        let both = ColdStart([long, short])
        for (row, detector) in both.rows.enumerated() {
            let (a, b) = (long.rows[row].horizons[0], short.rows[row].horizons[0])
            #expect(detector.horizons[0].starts == a.starts + b.starts)
            #expect(abs(detector.horizons[0].mistakes - (a.mistakes + b.mistakes) / 2) < 1e-12)
            let timeouts = try (#require(a.timeout), #require(b.timeout), #require(detector.horizons[0].timeout))
            #expect(abs(timeouts.2 / (timeouts.0 * timeouts.1).squareRoot() - 1) < 1e-9)
            // The short recording has no start that a thousand heartbeats follow.
            #expect(detector.horizons[2].mistakes == long.rows[row].horizons[2].mistakes)
        }
    }
}
