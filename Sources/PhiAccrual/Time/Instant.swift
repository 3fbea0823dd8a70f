/// A moment on the observer's monotonic clock.
///
/// The clock chooses the origin, so only differences have a meaning. Arithmetic saturates instead of overflowing:
/// instants also come from files, which can contain any number.
public struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds since the clock's origin.
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }
    public static func + (instant: Instant, duration: Duration) -> Instant {
        Instant(nanoseconds: instant.nanoseconds.addingSaturated(duration.nanoseconds))
    }
    public static func - (instant: Instant, duration: Duration) -> Instant {
        Instant(nanoseconds: instant.nanoseconds.subtractingSaturated(duration.nanoseconds))
    }
    public static func - (later: Instant, earlier: Instant) -> Duration {
        .nanoseconds(later.nanoseconds.subtractingSaturated(earlier.nanoseconds))
    }
}

extension Duration {
    /// Whole nanoseconds, rounded towards zero and saturated at ±292 years.
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        return scaled.addingSaturated(attoseconds / 1_000_000_000)
    }
}

extension Int64 {
    /// The sum, saturated at the ends of the range.
    @inlinable public func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
    /// The difference, saturated at the ends of the range.
    @inlinable public func subtractingSaturated(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
    /// The nearest whole number, saturated at the ends of the range; 0 for NaN.
    @inlinable public init(saturating value: Double) {
        if value.isNaN {
            self = 0
        } else {
            // 2⁶³ is a Double but does not fit; the largest Double below it does. The code rounds by hand, because
            // `rounded()` calls the C library and every heartbeat does this.
            let held = Swift.min(Swift.max(value, -0x1p63), 0x1.fffffffffffffp62)
            let whole = Int64(held)
            let rest = held - Double(whole)
            self = rest >= 0.5 ? whole + 1 : rest <= -0.5 ? whole - 1 : whole
        }
    }
}
