import PhiAccrual

/// A process of which we know the law, to make recordings of: no constant was ever chosen by them.
///
/// Heartbeat *k* = 0, 1, 2 … is sent every η = 100 ms and arrives at *A(k)* unless it is lost; what arrives after a later
/// one counts as lost. *Z* is standard normal, *U* uniform in 0 … 1, *E* exponential with mean 1, all drawn anew for each
/// heartbeat.
public enum SyntheticFamily: String, CaseIterable, Sendable {
    /// `A(k) = kη + 0.05 η Z`, 0.5 % lost. Nothing beats a fixed timeout here.
    case stationary
    /// `A(k) = kη + σ(k) η Z`, 0.1 % lost. σ is 0.01 while calm and 0.1 in a storm; a storm begins with one heartbeat in
    /// 1,000 and ends with one in 200.
    case regimeSwitching = "regime-switching"
    /// `A(k) = max(A(k−1), kη + 0.05 η (U^(−1/2) − 1))`: Pareto delays of index 2, whose variance is infinite, on a
    /// connection that keeps the order. Nothing is lost.
    case heavyTailed = "heavy-tailed"
    /// `A(k) = kη + 0.02 η Z`. Lost are 0.1 % while the link is good and 50 % while it is bad; it turns bad with one
    /// heartbeat in 500, and good again with one in 10.
    ///
    /// Source: Gilbert, “Capacity of a burst-noise channel”, Bell System Technical Journal 39, 1960; Elliott, “Estimates
    /// of error rates for codes on burst-noise channels”, ibid. 42, 1963.
    case burstyLoss = "bursty-loss"
    /// `A(k) = s(k) + 0.05 η Z` with `s(k+1) = s(k) + η (1 + 0.3 sin(2πk / 6000 + θ))`, 0.5 % lost: within ten minutes the
    /// interval goes 30 % up and down. θ is each node's own.
    case driftingPeriod = "drifting-period"
    /// `A(k) = max(A(k−1), kη + 0.02 η Z, T)`, 0.1 % lost. With one heartbeat in 300 a stall begins, and what is sent
    /// during it arrives at once at its end `T = kη + (1 + 3 E) η`.
    case batchArrivals = "batch-arrivals"

    /// η, in nanoseconds.
    static let interval = 1e8

    /// A recording of the process; equal seeds give equal ones.
    ///
    /// - Parameter sent: Heartbeats that each node sends. As it is, about 67,000 are judged, which is enough for cells
    ///   down to 3 mistakes in 10,000.
    public func recording(seed: UInt64, nodes: Int = 4, sent: Int = 17_500) -> RecordedArrivals {
        var recording = RecordedArrivals(name: rawValue, nodes: (1...nodes).map { "\(rawValue)-\($0)" })
        var seeds = SplitMix64(seed: seed)
        var arrivals: [(at: Int64, node: Int, sequence: Int64)] = []
        for node in 0..<nodes {
            var sender = SyntheticSender(self, seed: seeds.next())
            for sequence in 0..<sent {
                if let at = sender.next() { arrivals.append((at, node, Int64(sequence))) }
            }
        }
        arrivals.sort { $0 < $1 }
        for arrival in arrivals { recording.append(arrival.sequence, at: arrival.at, node: arrival.node) }
        return recording
    }
}
