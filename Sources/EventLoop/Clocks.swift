import PhiAccrual
import Platform

/// The observer's clock: it never goes back and is unrelated to the date.
public enum MonotonicClock {
    public static var now: Instant { Instant(nanoseconds: SystemClock.monotonic) }
}

/// A monotonic clock that continues while the machine is suspended. On Linux, `MonotonicClock` does not.
public enum BootClock {
    public static var now: Instant { Instant(nanoseconds: SystemClock.boot) }
}

/// Wall-clock time in Unix nanoseconds. It can be set forward and back.
public enum WallClock {
    public static var now: Int64 { SystemClock.wall }

    /// Nanoseconds to add to an instant of `MonotonicClock` to get its wall-clock time, as of now.
    public static var offset: Int64 { now - MonotonicClock.now.nanoseconds }
}
