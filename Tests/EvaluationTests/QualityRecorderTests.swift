import Foundation
import Testing

@testable import Evaluation

@Suite struct `The quality of a detector` {
    @Test func `is unknown without recorded arrivals`() {
        let report = QualityRecorder().report()
        #expect(report.samples == 0 && report.nodes == 0 && report.mistakes == 0 && report.observedTime == 0)
        #expect(report.mistakeRate == nil && report.queryAccuracy == nil && report.interval == nil)
        #expect(report.margin == nil && report.detectionTime == nil && report.delay == nil)
        #expect(
            report.calibration.map(\.phi) == [1, 2, 3, 4] && report.calibration.allSatisfy { $0.log10Error == nil })
    }
    /// T_D = 0.1 + 1.5 − u. Its mean is 1.1. Its maximum is 1.6 minus the smallest u, the fractional part of
    /// 5 / golden ratio.
    @Test func `for regular heartbeats follows from the timeout`() {
        var judgement = ArrivalBuilder()
        for second in 0..<5 { judgement.add(at: Double(second), delay: 0.1, deadline: Double(second) + 1.5) }
        let report = judgement.report()
        #expect(report.samples == 5 && report.nodes == 1 && report.losses == 0 && report.mistakes == 0)
        #expect(report.interval == 1 && report.observedTime == 4)
        #expect(report.mistakeRate == 0 && report.mistakesPerHeartbeat == 0 && report.queryAccuracy == 1)
        #expect(report.mistakeDuration == nil && report.mistakeRecurrence == nil)
        #expect(isClose(report.margin, 1.5) && isClose(report.delay, 0.1))
        #expect(isClose(report.detectionTime, 1.1))
        #expect(isClose(report.detectionTimeP99, 1.6 - 0.0901699437494742))
    }
    /// The node is suspected at 2.5 s and trusted again at 3 s: half a second of four.
    @Test func `drops when a heartbeat is lost`() {
        var judgement = ArrivalBuilder()
        for (at, step) in [(0, 1), (1, 1), (3, 2), (4, 1)] as [(Double, Int64)] {
            judgement.add(at: at, step: step, deadline: at + 1.5)
        }
        let report = judgement.report()
        #expect(report.losses == 1 && report.mistakes == 1 && report.interval == 1)
        #expect(report.mistakeRate == 0.25 && isClose(report.mistakesPerHeartbeat, 1.0 / 3))
        #expect(report.mistakeDuration == 0.5 && report.mistakeRecurrence == nil && report.queryAccuracy == 0.875)
        #expect(report.delay == nil && isClose(report.detectionTime, 1))
    }
    /// The heartbeat at 2.6 s is 0.1 s late. Those after it are on time.
    @Test func `drops when a heartbeat is late`() {
        var judgement = ArrivalBuilder()
        for at in [0, 1, 2.6, 3, 4] { judgement.add(at: at, deadline: at + 1.5) }
        let report = judgement.report()
        #expect(report.losses == 0 && report.mistakes == 1 && report.mistakeRate == 0.25)
        #expect(isClose(report.mistakeDuration, 0.1) && isClose(report.queryAccuracy, 0.975))
    }
    /// Node 0 (interval 1 s) is suspected from 2.5 s to 3 s and from 5.5 s to 6 s. Node −7 (interval 2 s) is suspected
    /// from 4.5 s to 6 s.
    @Test func `is pooled over nodes, except for the recurrence of mistakes`() {
        var judgement = ArrivalBuilder()
        for (at, step) in [(0, 1), (1, 1), (3, 2), (4, 1), (6, 2)] as [(Double, Int64)] {
            judgement.add(0, at: at, step: step, deadline: at + 1.5)
        }
        for (at, step) in [(0, 1), (2, 1), (6, 2)] as [(Double, Int64)] {
            judgement.add(-7, at: at, step: step, deadline: at + 2.5)
        }
        let report = judgement.report()
        #expect(report.nodes == 2 && report.samples == 8 && report.losses == 3)
        #expect(report.interval == 1.5 && report.observedTime == 12)
        #expect(report.mistakes == 3 && report.mistakeRate == 0.25 && report.mistakesPerHeartbeat == 0.5)
        #expect(isClose(report.mistakeDuration, 2.5 / 3) && report.mistakeRecurrence == 3)
        #expect(isClose(report.queryAccuracy, 1 - 2.5 / 12))
        #expect(isClose(report.margin, (5 * 1.5 + 3 * 2.5) / 8))
        #expect(isClose(report.detectionTime, (5 * 1 + 3 * 1.5) / 8))
    }
    @Test func `has no mistake if a heartbeat arrives exactly at its deadline`() {
        var judgement = ArrivalBuilder()
        for at in [0.0, 1, 2] { judgement.add(at: at, deadline: at + 1) }
        #expect(judgement.report().mistakes == 0)
    }
    @Test func `counts a mistake once, even if arrivals do not end it`() {
        var judgement = ArrivalBuilder()
        for (at, deadline) in [(0, 1), (3, 2), (5, 6), (5.5, 6)] as [(Double, Double)] {
            judgement.add(at: at, deadline: deadline)
        }
        let report = judgement.report()
        #expect(report.mistakes == 1 && report.mistakeDuration == 4)
    }
    @Test func `starts a suspicion no earlier than the arrival that caused it`() {
        var judgement = ArrivalBuilder()
        for (at, deadline) in [(0, 10), (1, 0.5), (3, 10), (4, 10)] as [(Double, Double)] {
            judgement.add(at: at, deadline: deadline)
        }
        let report = judgement.report()
        #expect(report.mistakes == 1 && report.mistakeDuration == 2 && report.queryAccuracy == 0.5)
    }
    /// Only the gap from 2 s to 3 s has a deadline.
    @Test func `is measured only where a deadline exists`() {
        var judgement = ArrivalBuilder()
        for (at, deadline) in [(0, nil), (1, nil), (2, 2.5), (3, nil), (9, nil)] as [(Double, Double?)] {
            judgement.add(at: at, deadline: deadline)
        }
        let report = judgement.report()
        #expect(report.samples == 5 && report.undefinedDeadlines == 4)
        #expect(report.observedTime == 1 && report.mistakes == 1 && report.queryAccuracy == 0.5)
        #expect(report.mistakesPerHeartbeat == 1 && report.margin == 0.5)
    }
    @Test func `excludes the warm-up from everything but the interval`() {
        var judgement = ArrivalBuilder()
        for (at, step) in [(0, 1), (4, 4), (5, 1), (7, 2), (8, 1)] as [(Double, Int64)] {
            judgement.add(at: at, step: step, delay: at, phi: at, deadline: at + 1.5)
        }
        let report = judgement.report(warmUp: 2)
        #expect(report.samples == 3 && report.losses == 1 && report.interval == 1)
        #expect(report.mistakes == 1 && report.observedTime == 4 && isClose(report.delay, 20.0 / 3))
        #expect(report.calibration.map(\.observed) == [3, 3, 3, 3])
        #expect(judgement.report(warmUp: 5).samples == 0)
        #expect(judgement.report(warmUp: 5).interval == 1)
    }
    @Test func `ignores delays unless all are known`() {
        var judgement = ArrivalBuilder()
        for second in 0..<5 {
            judgement.add(at: Double(second), delay: second == 0 ? nil : 0.1, deadline: Double(second) + 1.5)
        }
        for report in [judgement.report(), judgement.report(warmUp: 1)] {
            #expect(report.delay == nil && isClose(report.detectionTime, 1))
        }
    }
    /// A crash in the second half of the 2 s interval comes after the suspicion, so T_D is 0. In the first half its
    /// mean is ½ s.
    @Test func `never has a negative detection time`() {
        var judgement = ArrivalBuilder()
        for at in [0.0, 2, 4] { judgement.add(at: at, deadline: at + 1) }
        let report = judgement.report()
        #expect(isClose(report.detectionTime, 0.25) && (report.detectionTimeP99 ?? -1) >= 0)
    }
    /// The node is suspected on arrival, half a second after sending. T_D is ½ − 2u where that is above 0. Its mean is
    /// ½² / (2·2).
    @Test func `treats a deadline in the past as the arrival that set it`() {
        var judgement = ArrivalBuilder()
        for at in [0.0, 2, 4] { judgement.add(at: at, delay: 0.5, deadline: at - 5) }
        #expect(judgement.report().margin == -5)
        #expect(isClose(judgement.report().detectionTime, 0.0625))
        #expect(isClose(judgement.report().detectionTimeP99, 0.5 - 2 * 0.2360679774997897))
        for at in [6.0, 8, 10] { judgement.add(at: at, delay: nil, deadline: at) }
        #expect(judgement.report().detectionTime == 0 && judgement.report().detectionTimeP99 == 0)
    }
    /// 200 of 1000 silences exceed φ = 1, and 100 are expected. Above φ = 2 only 10 are expected: too few to judge.
    @Test func `is calibrated if φ predicts how many silences exceed it`() {
        var judgement = ArrivalBuilder()
        for index in 0..<1000 { judgement.add(index, at: 0, phi: index < 200 ? 1.5 : 1, deadline: nil) }
        judgement.add(1000, at: 0, phi: nil, deadline: nil)
        judgement.add(1001, at: 0, phi: .nan, deadline: nil)
        let report = judgement.report()
        #expect(report.samples == 1002 && report.undefinedPhis == 2)
        #expect(report.calibration[0].observed == 200 && report.calibration[0].expected == 100)
        #expect(isClose(report.calibration[0].log10Error, log10(2)))
        #expect(report.calibration[1].log10Error == nil)
    }
    @Test func `has unknown calibration if no silence exceeds φ`() {
        var recorder = QualityRecorder()
        for node in 0..<300 {
            recorder.record(
                JudgedArrival(
                    node: node, at: 0, step: nil, delay: nil, phi: 1, previousDeadline: nil, deadline: nil))
        }
        #expect(recorder.report().calibration[0].expected == 30)
        #expect(recorder.report().calibration[0].log10Error == nil)
    }
    @Test(arguments: 0..<100 as Range<UInt64>) func `equals the result of sampling every second`(seed: UInt64) {
        var lot = Lot(state: seed)
        var judgement = ArrivalBuilder()
        var (mistakes, suspected, observed, last, starts) = (0, 0, 0, 0, [Int]())
        var deadline: Int?
        var wasSuspected = false
        for _ in 0..<100 {
            let now = last + Int.random(in: 1...6, using: &lot)
            for second in last..<now where deadline != nil {
                let isSuspected = second >= deadline ?? 0
                if isSuspected, !wasSuspected { starts.append(second) }
                mistakes += isSuspected && !wasSuspected ? 1 : 0
                suspected += isSuspected ? 1 : 0
                observed += 1
                wasSuspected = isSuspected
            }
            deadline = now + Int.random(in: -3...6, using: &lot)
            if deadline ?? 0 >= now { wasSuspected = false }  // the arrival restores trust, if only for an instant
            judgement.add(at: Double(now), deadline: deadline.map(Double.init))
            last = now
        }
        let report = judgement.report()
        #expect(report.mistakes == mistakes && report.observedTime == Double(observed))
        #expect(isClose(report.mistakeDuration, Double(suspected) / Double(mistakes)))
        #expect(isClose(report.mistakeRecurrence, Double(starts[mistakes - 1] - starts[0]) / Double(mistakes - 1)))
    }
    @Test(arguments: 0..<100 as Range<UInt64>) func `is finite or unknown for any input`(seed: UInt64) {
        var lot = Lot(state: seed)
        let times: [Int64?] = [nil, .min, .min + 1, -1, 0, 1, 1_000_000_000, .max - 1, .max]
        let phis: [Double?] = [
            nil, .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -0.0, .leastNonzeroMagnitude, 5,
        ]
        var recorder = QualityRecorder(warmUp: [Int.min, 0, 1, Int.max][Int(seed % 4)])
        for _ in 0..<200 {
            recorder.record(
                JudgedArrival(
                    node: [Int.min, 0, 1, Int.max].randomElement(using: &lot) ?? 0,
                    at: (times.randomElement(using: &lot) ?? 0) ?? 0, step: times.randomElement(using: &lot) ?? 0,
                    delay: seed.isMultiple(of: 3) ? .max : times.randomElement(using: &lot) ?? 0,
                    phi: phis.randomElement(using: &lot) ?? 0,
                    previousDeadline: times.randomElement(using: &lot) ?? 0,
                    deadline: times.randomElement(using: &lot) ?? 0))
        }
        let report = recorder.report()
        let numbers = Mirror(reflecting: report).children.compactMap { $0.value as? Double }
        for number in numbers + report.calibration.compactMap(\.log10Error) { #expect(number.isFinite) }
        #expect(report.queryAccuracy.map { (0...1).contains($0) } ?? true)
        #expect(report.detectionTime ?? 0 >= 0 && report.losses >= 0 && report.observedTime >= 0)
    }
}

@Suite struct `Detection times` {
    /// Timeouts are uniform in 1 s to 2 s, minus 0 s to 0.1 s. The mean is 1.45 s, the 99th percentile about 1.955 s.
    @Test(arguments: [1 << 20, 500]) func `come from all heartbeats or from an even sample`(capacity: Int) throws {
        var timeouts = TimeoutSample(capacity: capacity)
        for index in 0..<100_000 as Range<Int64> {
            timeouts.insert(node: 3, delay: 0, from: 5, until: 1_000_000_005 + index * 7919 % 100_000 * 10_000)
        }
        let times = try #require(timeouts.detectionTimes(intervals: [3: 0.1], includingDelays: true))
        let isWhole = capacity > 100_000
        #expect(isClose(times.mean, 1.45, within: isWhole ? 1e-5 : 0.04))
        #expect(isClose(times.p99, 1.9449, within: isWhole ? 0.02 : 0.04))
        #expect(timeouts.detectionTimes(intervals: [4: 0.1], includingDelays: true) == nil)
    }
}
