import PhiAccrual

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How much later than it came a heartbeat may be stamped.
///
/// Heartbeats are stamped when they are taken from a socket. What came while nobody looked at the sockets is stamped late,
/// by at most that time. Waiting is looking, but for how long it takes to wake up, which the lateness of deadlines shows.
struct TimestampUncertainty {
    /// The worst of late, in nanoseconds: it fades within seconds.
    private(set) var nanoseconds: Int64 = 0
    private var updated: Instant
    /// When the sockets were last known to be empty, moved on by the time spent waiting since.
    private var blindSince: Instant

    /// Until half of the worst is left.
    private static let memory: Double = 3e9  // ns
    /// Later than this we were stopped, or are overloaded: then deadlines wait for other reasons.
    private static let most: Int64 = 1_000_000_000  // ns

    init(at now: Instant) { (updated, blindSince) = (now, now) }

    /// Everything that came before this was taken in.
    mutating func emptied(at instant: Instant) { blindSince = max(blindSince, instant) }

    mutating func waited(from start: Instant, to end: Instant) { blindSince = blindSince + max(.zero, end - start) }

    /// A heartbeat was stamped.
    mutating func stamped(at now: Instant) { record(now - blindSince, at: now) }

    /// A deadline was seen to have passed only so much later.
    mutating func woken(late: Duration, at now: Instant) { record(late, at: now) }

    private mutating func record(_ error: Duration, at now: Instant) {
        let past = Double(max(0, (now - updated).nanoseconds))
        let faded = Int64(Double(nanoseconds) * exp2(-past / Self.memory))
        nanoseconds = min(Self.most, max(faded, error.nanoseconds))
        updated = max(updated, now)
    }
}
