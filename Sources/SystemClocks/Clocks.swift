import PhiAccrual

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The observer's clock: it never goes back and is unrelated to the date.
public enum MonotonicClock {
    public static var now: Instant { Instant(nanoseconds: read(CLOCK_MONOTONIC)) }
}

/// A monotonic clock that continues while the machine is suspended. On Linux, `MonotonicClock` does not.
public enum BootClock {
    #if os(Linux)
        public static var now: Instant { Instant(nanoseconds: read(CLOCK_BOOTTIME)) }
    #else
        public static var now: Instant { MonotonicClock.now }
    #endif
}

/// Wall-clock time in Unix nanoseconds. It can be set forward and back.
public enum WallClock {
    public static var now: Int64 { read(CLOCK_REALTIME) }

    /// Nanoseconds to add to an instant of `MonotonicClock` to get its wall-clock time, as of now.
    public static var offset: Int64 { now - MonotonicClock.now.nanoseconds }
}

private func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
