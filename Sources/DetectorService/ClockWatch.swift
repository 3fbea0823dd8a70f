import PhiAccrual

/// Notices what a monotonic clock does not tell: that the machine slept, and that somebody set the date.
///
/// Read it often. PublishedState the clocks, it owns none.
struct ClockWatch {
    /// Three clocks, read at one moment.
    struct Reading {
        /// Stands still while the machine is suspended.
        var monotonic: Instant
        /// Goes on then.
        var boot: Instant
        /// Civil time, Unix nanoseconds: may be set.
        var wall: Int64
    }
    enum Finding: Hashable {
        /// The machine was suspended for so long.
        case suspended(Duration)
        /// Civil time was set forward, or back if below zero.
        case stepped(Duration)
    }
    private var last: Reading?

    /// A clock that is slewed, as NTP does it, gains or loses at most 50 µs in a tick.
    private static let minStep: Duration = .milliseconds(50)
    private static let minSuspension: Duration = .milliseconds(50)

    mutating func read(_ reading: Reading) -> [Finding] {
        defer { last = reading }
        guard let last else { return [] }
        var findings: [Finding] = []
        let passed = reading.boot - last.boot
        let suspended = passed - (reading.monotonic - last.monotonic)
        if suspended > Self.minSuspension { findings.append(.suspended(suspended)) }
        let stepped = Duration.nanoseconds(reading.wall.subtractingSaturated(last.wall)) - passed
        if stepped > Self.minStep || stepped < .zero - Self.minStep { findings.append(.stepped(stepped)) }
        return findings
    }
}
