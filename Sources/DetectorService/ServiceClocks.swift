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

    /// All of them at one moment; nil if we were held up between one and the next, which would look like a clock that jumps.
    var reading: ClockWatch.Reading? {
        let start = MonotonicClock.now
        let reading = ClockWatch.Reading(monotonic: start, boot: boot(), wall: wall())
        return MonotonicClock.now - start < .milliseconds(2) ? reading : nil
    }
}
