import PhiAccrual
import SystemClocks

/// The clocks that can go wrong, apart from the monotonic one that verdicts rest on.
struct ServiceClocks: Sendable {
    var boot: @Sendable () -> Instant
    /// Unix nanoseconds.
    var wall: @Sendable () -> Int64

    static let system = ServiceClocks(boot: { BootClock.now }, wall: { WallClock.now })

    /// What to add to an instant of the monotonic clock for its civil time, as things stand now.
    var civilOffset: Int64 { wall().subtractingSaturated(MonotonicClock.now.nanoseconds) }

    func reading(at now: Instant) -> ClockWatch.Reading {
        ClockWatch.Reading(monotonic: now, boot: boot(), wall: wall())
    }
}
