import CMath

/// How much later than its arrival a heartbeat may be timestamped.
///
/// Heartbeats are timestamped when they are received from a socket. One that arrived while the loop did not read its
/// sockets gets a late timestamp, late by at most that time. Waiting in the poller counts as reading, except for the
/// time that a wake-up takes, which the lateness of deadlines shows.
struct TimestampUncertainty {
    /// The largest recent lateness, in nanoseconds. It decays within seconds.
    private(set) var nanoseconds: Int64 = 0
    private var updated: Instant
    /// When the sockets were last known to be empty, plus the time spent waiting since.
    private var blindSince: Instant

    /// Half-life of the lateness.
    private static let halfLife: Double = 3e9  // ns
    /// Beyond this the service was stopped or is overloaded: deadlines are then delayed for those reasons.
    private static let maximum: Int64 = 1_000_000_000  // ns

    init(at now: Instant) { (updated, blindSince) = (now, now) }

    /// Everything that arrived before `instant` was received.
    mutating func emptied(at instant: Instant) { blindSince = max(blindSince, instant) }

    mutating func waited(from start: Instant, to end: Instant) { blindSince = blindSince + max(.zero, end - start) }

    /// A heartbeat was timestamped.
    mutating func stamped(at now: Instant) { record(now - blindSince, at: now) }

    /// A deadline was noticed this late.
    mutating func woken(late: Duration, at now: Instant) { record(late, at: now) }

    private mutating func record(_ error: Duration, at now: Instant) {
        let past = Double(max(0, (now - updated).nanoseconds))
        let faded = Int64(Double(nanoseconds) * exp2(-past / Self.halfLife))
        nanoseconds = min(Self.maximum, max(faded, error.nanoseconds))
        updated = max(updated, now)
    }
}
