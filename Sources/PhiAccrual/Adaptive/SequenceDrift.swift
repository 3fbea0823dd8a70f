/// Where a sender's schedule stands, seen from its arrivals: the sequence number carries it.
///
/// It tracks the interval and the schedule's phase by two slow loops, and how much of one heartbeat's lateness carries
/// over to the next by an autoregressive factor. All times are nanoseconds.
struct SequenceDrift: Sendable {
    /// The sender's interval, averaged over some hundred heartbeats.
    private(set) var interval = 0.0
    /// How late the last heartbeat was by the schedule; below 0: early.
    private(set) var lateness: Float = 0
    // What (covariance / variance) of successive latenesses is: the share that carries over.
    private var variance: Float = 0
    private var covariance: Float = 0
    /// Mean size of what the carried-over lateness leaves unexplained.
    private(set) var surprise: Float = 0
    /// How many steps the interval was averaged over.
    private var steps: UInt16 = 0
    /// How many heartbeats in a row were too far off the schedule.
    private var strays: UInt8 = 0

    /// Steps that the interval is averaged over: enough to average lateness out, few enough to follow a drifting clock.
    private static let longestMemory: Int64 = 512
    /// In mean surprises: beyond it lateness says little about where the schedule stands.
    private static let farOff: Float = 20
    /// Thirty years: its square is still a float.
    private static let longest: Float = 1e18
    /// After which the schedule has moved for good.
    private static let strayLimit: UInt8 = 4

    /// The share of the last lateness that is expected of the next heartbeat: 0 ... 1.
    private var carry: Float { variance > 0 ? min(1, max(0, covariance / variance)) : 0 }

    /// When the next heartbeat is expected, after the last arrival.
    var expectedGap: Double {
        // A stray says little of the next heartbeat.
        max(0, interval + Double((carry - 1) * lateness.clamped(to: Self.farOff * surprise)))
    }

    /// A schedule starts with the arrival that was last; its interval is still the best guess.
    mutating func begin() { (lateness, strays) = (0, 0) }

    /// The interval is known from elsewhere.
    mutating func assume(_ interval: Double) {
        (self.interval, steps) = (interval, 16)
        begin()
    }
    /// The interval is so many times what it was, from now on.
    mutating func rescale(to interval: Double) {
        surprise *= Float(interval / self.interval)
        assume(interval)
    }

    /// - Parameter count: Number of this gap, from 1.
    mutating func observe(gap: Double, step: Int64, count: UInt32, unit: Float) {
        let limit = count < 8 ? Self.longest : min(Self.longest, Self.farOff * surprise)
        let late = Float(gap - interval * Double(step))
        let stepsBefore = count == 1 ? 0 : Int64(steps)
        steps = UInt16(min(stepsBefore.addingSaturated(step), Self.longestMemory))
        interval = max(1, interval + Double(late.clamped(to: limit) / Float(steps)))

        let raw = lateness + Float(gap - interval * Double(step))
        let unexplained = abs(raw - carry * lateness)
        let (before, now) = (lateness.clamped(to: limit), raw.clamped(to: limit))
        variance += 0.002 * (before * before - variance)
        covariance += 0.002 * (before * now - covariance)
        let isStray = abs(raw) > limit
        strays = isStray ? strays + 1 : 0
        if strays < Self.strayLimit { lateness = raw - max(0.05, 1 / Float(count)) * now } else { begin() }
        let size = min(unexplained, count < 8 ? Self.longest : 10 * surprise)
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
        steps = try reader.integer(in: 0...UInt16(Self.longestMemory))
        strays = try reader.integer(in: 0...Self.strayLimit - 1)
    }
}
