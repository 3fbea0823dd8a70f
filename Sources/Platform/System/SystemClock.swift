/// The clocks of the system, in nanoseconds. Each counts from an origin of its own.
public enum SystemClock {
    /// Never goes back, and is unrelated to the date. On Linux it stands still while the machine is suspended.
    public static var monotonic: Int64 { read(CLOCK_MONOTONIC) }

    /// Like `monotonic`, but continues while the machine is suspended. The same clock where the system has only one.
    public static var boot: Int64 {
        #if os(Linux)
            read(CLOCK_BOOTTIME)
        #else
            monotonic
        #endif
    }

    /// Unix time. It can be set forward and back.
    public static var wall: Int64 { read(CLOCK_REALTIME) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
