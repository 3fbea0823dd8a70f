import EventLoop
import HeartbeatProtocol
import PhiAccrual
import Synchronization
import ZeroMQ

/// How the publisher ends. The caller that stops it decides.
final class StopReason: Sendable {
    let isGoodbye = Atomic<Bool>(false)
}

/// Sends one node's heartbeats at the instants of its schedule.
///
/// Sequence numbers count the slots of the schedule, not the heartbeats sent. After a pause of this process the numbers
/// show how many heartbeats were never sent, and the schedule continues unchanged.
struct HeartbeatLoop: ~Copyable {
    var sender: HeartbeatSender
    /// Ends the heartbeats when it is stopped.
    var loop: EventLoop

    mutating func run(
        _ first: Heartbeat, announcing announcement: NodeAnnouncement, sayingGoodbye ending: StopReason
    ) throws {
        let start = MonotonicClock.now.nanoseconds
        var slot: Int64 = 0
        var nextAnnouncement = Int64.min
        var beat = first
        while true {
            let now = MonotonicClock.now.nanoseconds
            (beat.sequence, beat.sent) = (UInt32(truncatingIfNeeded: slot), now)
            let announces = try sender.hasNewSubscribers(at: now) || now >= nextAnnouncement
            if announces { nextAnnouncement = now.addingSaturated(HeartbeatSender.announcementInterval) }
            try sender.send(beat, announcing: announces ? announcement : nil)

            slot = max(slot + 1, (MonotonicClock.now.nanoseconds - start) / first.announcedInterval)
            let (offset, overflow) = slot.multipliedReportingOverflow(by: first.announcedInterval)
            try loop.wait(until: overflow ? nil : Instant(nanoseconds: start.addingSaturated(offset)))
            if loop.isStopped { break }
        }
        guard ending.isGoodbye.load(ordering: .relaxed) else { return }
        try sender.lingerOnClose()
        (beat.sequence, beat.sent) = (beat.sequence &+ 1, MonotonicClock.now.nanoseconds)
        beat.isLeaving = true
        try sender.send(beat, announcing: announcement)
    }
}
