import EventLoop
import PhiAccrual

/// The clocks that may jump. Verdicts rest only on the monotonic clock.
struct ServiceClocks: Sendable {
    var boot: @Sendable () -> Instant
    /// Unix nanoseconds.
    var wall: @Sendable () -> Int64

    static let system = ServiceClocks(boot: { BootClock.now }, wall: { WallClock.now })

    /// Present offset from the monotonic clock to civil time, in nanoseconds.
    var civilOffset: Int64 { wall().subtractingSaturated(MonotonicClock.now.nanoseconds) }

    /// All clocks at one moment; nil if the thread was held up between two readings, which would look like a jump.
    var reading: ClockReading? {
        let start = MonotonicClock.now
        let reading = ClockReading(monotonic: start, boot: boot(), wall: wall())
        return MonotonicClock.now - start < .milliseconds(2) ? reading : nil
    }
}
