/// Where a sender's schedule stands, seen from its arrivals: the sequence number carries it.
///
/// It tracks the interval by long anchors, the schedule's phase by a slow loop, and how much of one heartbeat's lateness
/// carries over to the next by an autoregressive factor. All times are nanoseconds.
struct SequenceDrift: Sendable {
    /// The sender's interval, learned over thousands of heartbeats.
    private(set) var interval = 0.0
    /// How late the last heartbeat was by the schedule; below 0: early.
    private(set) var lateness = 0.0
    // What (covariance / variance) of successive latenesses is: the share that carries over.
    private var variance: Float = 0
    private var covariance: Float = 0
    /// Mean size of what the carried-over lateness leaves unexplained.
    private var surprise: Float = 0
    // Two anchors: the interval is measured from the older one, which steps aside for the younger now and then.
    private var sinceOld: (time: Int64, steps: Int64) = (0, 0)
    private var sinceYoung: (time: Int64, steps: Int64) = (0, 0)

    /// Steps after which the anchors change. Long enough to average lateness out, short enough to follow a drifting clock.
    private static let anchorSteps: Int64 = 2048

    /// The share of the last lateness that is expected of the next heartbeat: 0 ... 1.
    var carry: Double { variance > 0 ? Double(min(1, max(0, covariance / variance))) : 0 }

    /// When the next heartbeat is expected, after the last arrival.
    var expectedWait: Double { max(0, interval - lateness + carry * lateness) }

    /// A schedule starts with the arrival that was last; its interval is still the best guess.
    mutating func begin() {
        (sinceOld, sinceYoung) = ((0, 0), (0, 0))
        lateness = 0
    }
    mutating func assume(_ interval: Double) { self.interval = interval }

    /// - Parameter count: Number of this gap, from 1.
    mutating func observe(gap: Int64, step: Int64, count: UInt32, unit: Double) {
        sinceOld = (sinceOld.time.addingSaturated(gap), sinceOld.steps.addingSaturated(step))
        sinceYoung = (sinceYoung.time.addingSaturated(gap), sinceYoung.steps.addingSaturated(step))
        if sinceYoung.steps >= Self.anchorSteps {
            sinceOld = sinceYoung
            sinceYoung = (0, 0)
        }
        interval = Double(sinceOld.time) / Double(sinceOld.steps)

        let limit = count < 3 ? Double.greatestFiniteMagnitude : 20 * Double(surprise)
        let raw = lateness + Double(gap) - interval * Double(step)
        let unexplained = raw - carry * lateness
        let (before, now) = (lateness.clamped(to: limit), raw.clamped(to: limit))
        variance += 0.002 * (Float(before * before) - variance)
        covariance += 0.002 * (Float(before * now) - covariance)
        lateness = raw - max(0.05, 1 / Double(count)) * now
        let size = min(Float(abs(unexplained)), count < 8 ? .greatestFiniteMagnitude : 10 * surprise)
        surprise = max(surprise + max(0.02, 1 / Float(count)) * (size - surprise), Float(1e-6 * unit))
    }
}

extension Double {
    fileprivate func clamped(to limit: Double) -> Double { Swift.min(limit, Swift.max(-limit, self)) }
}
