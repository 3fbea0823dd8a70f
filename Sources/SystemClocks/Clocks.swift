import PhiAccrual

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The observer's clock: it never goes back and knows no date.
public enum MonotonicClock {
    public static var now: Instant { Instant(nanoseconds: read(CLOCK_MONOTONIC)) }
}

/// A monotonic clock that goes on while the machine is suspended, as the one above does not on Linux.
public enum BootClock {
    #if os(Linux)
        public static var now: Instant { Instant(nanoseconds: read(CLOCK_BOOTTIME)) }
    #else
        public static var now: Instant { MonotonicClock.now }
    #endif
}

/// Civil time: Unix nanoseconds, which may be set forward and back.
public enum WallClock {
    public static var now: Int64 { read(CLOCK_REALTIME) }

    /// What to add to an instant of `MonotonicClock` for its civil time, as things stand now.
    public static var offset: Int64 { now - MonotonicClock.now.nanoseconds }
}

private func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
