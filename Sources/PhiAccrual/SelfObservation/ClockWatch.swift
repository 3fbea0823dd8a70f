/// Three clocks, read at one moment.
public struct ClockReading: Sendable {
    /// Stops while the machine is suspended.
    public var monotonic: Instant
    /// Continues while the machine is suspended.
    public var boot: Instant
    /// Civil time in Unix nanoseconds; it may be set.
    public var wall: Int64

    public init(monotonic: Instant, boot: Instant, wall: Int64) {
        (self.monotonic, self.boot, self.wall) = (monotonic, boot, wall)
    }
}

/// Detects what a monotonic clock does not show: that the machine was suspended, and that civil time was set.
///
/// The caller reads the clocks, and should do so often.
struct ClockWatch {
    enum Finding: Hashable {
        /// How long the machine was suspended.
        case suspended(Duration)
        /// By how much civil time was set; negative: back.
        case stepped(Duration)
    }
    private var last: ClockReading?

    /// A clock that is slewed, as by NTP, gains or loses at most 50 µs in a tick.
    private static let minStep: Duration = .milliseconds(50)
    private static let minSuspension: Duration = .milliseconds(50)

    mutating func read(_ reading: ClockReading) -> [Finding] {
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
