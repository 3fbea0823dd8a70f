import BinaryCoding

/// The position of a sender's schedule, estimated from arrivals and their sequence numbers.
///
/// Two slow loops track the interval and the phase of the schedule. An autoregressive factor tracks how much of one
/// heartbeat's lateness carries over to the next. All times are in nanoseconds.
struct SequenceDrift: Sendable {
    /// The sender's interval, averaged over a few hundred heartbeats.
    private(set) var interval = 0.0
    /// Lateness of the last heartbeat relative to the schedule; negative if it was early.
    private(set) var lateness: Float = 0
    // `covariance / variance` of successive latenesses is the share that carries over.
    private var variance: Float = 0
    private var covariance: Float = 0
    /// Mean size of the lateness that the carried-over share leaves unexplained.
    private(set) var surprise: Float = 0
    /// Number of steps that the interval is averaged over.
    private var steps: UInt16 = 0
    /// Number of consecutive heartbeats that were too far off the schedule.
    private var strays: UInt8 = 0

    /// Maximum number of steps averaged over: enough to average out lateness, few enough to follow a drifting clock.
    private static let maxSteps: Int64 = 512
    /// Multiple of `surprise` beyond which lateness gives little information about the schedule.
    private static let farOff: Float = 20
    /// About thirty years; its square still fits a float.
    private static let maxLateness: Float = 1e18
    /// Number of consecutive strays after which the schedule has moved for good.
    private static let strayLimit: UInt8 = 4

    /// Share of the last lateness that the next heartbeat is expected to have: 0 ... 1.
    private var carry: Float { variance > 0 ? min(1, max(0, covariance / variance)) : 0 }

    /// Expected time from the last arrival to the next heartbeat.
    var expectedGap: Double {
        // A stray gives little information about the next heartbeat.
        max(0, interval + Double((carry - 1) * lateness.clamped(to: Self.farOff * surprise)))
    }

    /// Restarts the schedule at the last arrival. The interval stays: it is still the best estimate.
    mutating func begin() { (lateness, strays) = (0, 0) }

    /// Sets an interval that is known from elsewhere.
    mutating func setInterval(_ interval: Double) {
        (self.interval, steps) = (interval, 16)
        begin()
    }
    /// Changes the interval, and `surprise` in proportion.
    mutating func rescale(to interval: Double) {
        surprise *= Float(interval / self.interval)
        setInterval(interval)
    }

    /// - Parameter count: Number of this gap, from 1.
    mutating func observe(gap: Double, step: Int64, count: UInt32, unit: Float) {
        let limit = count < 8 ? Self.maxLateness : min(Self.maxLateness, Self.farOff * surprise)
        let late = Float(gap - interval * Double(step))
        let stepsBefore = count == 1 ? 0 : Int64(steps)
        steps = UInt16(min(stepsBefore.addingSaturated(step), Self.maxSteps))
        interval = max(1, interval + Double(late.clamped(to: limit) / Float(steps)))

        let raw = lateness + Float(gap - interval * Double(step))
        let unexplained = abs(raw - carry * lateness)
        let (before, now) = (lateness.clamped(to: limit), raw.clamped(to: limit))
        variance += 0.002 * (before * before - variance)
        covariance += 0.002 * (before * now - covariance)
        let isStray = abs(raw) > limit
        strays = isStray ? strays + 1 : 0
        if strays < Self.strayLimit { lateness = raw - max(0.05, 1 / Float(count)) * now } else { begin() }
        let size = min(unexplained, count < 8 ? Self.maxLateness : 10 * surprise)
        surprise = max(surprise + max(0.02, 1 / Float(count)) * (size - surprise), 1e-6 * unit)
    }
}

extension Float {
    fileprivate func clamped(to limit: Float) -> Float { Swift.min(limit, Swift.max(-limit, self)) }
}

extension SequenceDrift: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(interval)
        for number in [lateness, variance, covariance, surprise] { writer.write(number) }
        writer.write(steps)
        writer.write(strays)
    }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        interval = try reader.double(in: 0 ... .greatestFiniteMagnitude)
        lateness = try reader.float()
        variance = try reader.magnitude()
        covariance = try reader.float()
        surprise = try reader.magnitude()
        steps = try reader.integer(in: 0...UInt16(Self.maxSteps))
        strays = try reader.integer(in: 0...Self.strayLimit - 1)
    }
}
