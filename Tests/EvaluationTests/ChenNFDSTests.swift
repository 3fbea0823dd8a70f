import Foundation
import Testing

@testable import Evaluation

/// The reference case: η = 1 s, δ = 1.5 s, p_L = 0.05, and exponential delays with a mean of 0.3 s.
private let known = ChenNFDS(interval: 1, shift: 1.5, loss: 0.05) { 1 - exp(-$0 / 0.3) }

@Suite struct `Chen's detector NFD-S` {
    @Test func `has the reference quality`() {
        #expect(isClose(known.mistakeRecurrence, 81.3654, within: 1e-6))
        #expect(isClose(known.mistakeDuration, 0.37300, within: 1e-5))
        #expect(isClose(known.queryAccuracy, 0.995416, within: 1e-6))
    }
    @Test func `relates accuracy to mistake duration and recurrence as all detectors do`() throws {
        for shift in [0, 0.3, 1, 2, 2.7] {
            let quality = ChenNFDS(interval: 0.9, shift: shift, loss: 0.2) { 1 - exp(-$0 / 0.8) }
            let share = try #require(quality.mistakeDuration) / #require(quality.mistakeRecurrence)
            #expect(isClose(quality.queryAccuracy, 1 - share))
        }
    }
    /// Without losses and with delays of at most δ, no heartbeat is late. If all are lost, the node is never trusted.
    @Test func `may make no mistakes, or never trust`() {
        let perfect = ChenNFDS(interval: 1, shift: 1, loss: 0) { min($0, 1) }
        #expect(perfect.mistakeRecurrence == nil && perfect.mistakeDuration == nil && perfect.queryAccuracy == 1)
        let deaf = ChenNFDS(interval: 1, shift: 1, loss: 1) { min($0, 1) }
        #expect(deaf.mistakeRecurrence == nil && deaf.queryAccuracy == 0)
    }
    /// There are about 4,900 mistakes. Their count has a standard error of 1.4 %, their mean duration one of about 1 %.
    @Test func `has the reference quality in a simulation`() {
        let report = simulated(heartbeats: 400_000, seed: 1)
        #expect(isClose(report.mistakeRecurrence.map { $0 / 81.3654 }, 1, within: 0.05))
        #expect(isClose(report.mistakeRate.map { $0 * 81.3654 }, 1, within: 0.05))
        #expect(isClose(report.mistakeDuration.map { $0 / 0.37300 }, 1, within: 0.05))
        #expect(isClose(report.queryAccuracy, 0.995416, within: 3e-4))
        #expect(isClose(report.interval, 1, within: 1e-3))
    }
}

/// Runs NFD-S on the reference case in virtual time. A fresh heartbeat i keeps its node trusted until (i + 1)·η + δ.
private func simulated(heartbeats: Int, seed: UInt64) -> QualityReport {
    var lot = Lot(state: seed)
    var arrivals: [(sequence: Int64, at: Double, delay: Double)] = []
    for sequence in 0..<Int64(heartbeats) where Double.random(in: 0..<1, using: &lot) >= 0.05 {
        let delay = -0.3 * log(1 - Double.random(in: 0..<1, using: &lot))
        arrivals.append((sequence, Double(sequence) + delay, delay))
    }
    arrivals.sort { $0.at < $1.at }
    var recorder = QualityRecorder()
    var last: (sequence: Int64, deadline: Int64)?
    for arrival in arrivals where arrival.sequence > last?.sequence ?? -1 {
        let deadline = nanoseconds(Double(arrival.sequence) + 2.5)
        recorder.record(
            JudgedArrival(
                node: 0, at: nanoseconds(arrival.at), step: last.map { arrival.sequence - $0.sequence },
                delay: nanoseconds(arrival.delay), phi: nil, previousDeadline: last?.deadline, deadline: deadline))
        last = (arrival.sequence, deadline)
    }
    return recorder.report()
}
