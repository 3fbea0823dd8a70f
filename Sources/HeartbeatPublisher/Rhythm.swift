import HeartbeatProtocol
import PhiAccrual
import Synchronization
import SystemClocks
import ZeroMQ

/// How a publisher is to end, decided by whoever stops it.
final class Ending: Sendable {
    let isGoodbye = Atomic<Bool>(false)
}

/// Sends one node's heartbeats at the instants of its schedule.
///
/// Sequence numbers count the schedule's slots, not what was sent: after a pause of ours the numbers show how many
/// heartbeats never left, and the schedule goes on where it was.
struct Rhythm: ~Copyable {
    var outlet: HeartbeatOutlet
    var timer: DeadlineTimer

    mutating func run(
        _ first: Heartbeat, introducing introduction: Introduction, until stop: WakeUp, sayingGoodbye ending: Ending
    ) throws {
        var poller = Poller()
        let stopped = poller.add(fileDescriptor: stop.fileDescriptor)
        _ = poller.add(fileDescriptor: timer.fileDescriptor)
        let start = MonotonicClock.now.nanoseconds
        var slot: Int64 = 0
        var nextIntroduction = Int64.min
        var beat = first
        while true {
            let now = MonotonicClock.now.nanoseconds
            (beat.sequence, beat.sent) = (UInt32(truncatingIfNeeded: slot), now)
            let introduces = try outlet.hasNewcomers(at: now) || now >= nextIntroduction
            if introduces { nextIntroduction = now.addingSaturated(HeartbeatOutlet.introductionEvery) }
            try outlet.send(beat, introducing: introduces ? introduction : nil)

            slot = max(slot + 1, (MonotonicClock.now.nanoseconds - start) / first.announcedInterval)
            let (offset, overflow) = slot.multipliedReportingOverflow(by: first.announcedInterval)
            timer.arm(at: overflow ? nil : Instant(nanoseconds: start.addingSaturated(offset)))
            _ = try poller.wait(timeoutMilliseconds: nil)
            if poller.isReadable(stopped) { break }
            timer.clear()
        }
        guard ending.isGoodbye.load(ordering: .relaxed) else { return }
        try outlet.lingerOnClose()
        (beat.sequence, beat.sent) = (beat.sequence &+ 1, MonotonicClock.now.nanoseconds)
        beat.isLeaving = true
        try outlet.send(beat, introducing: introduction)
    }
}
