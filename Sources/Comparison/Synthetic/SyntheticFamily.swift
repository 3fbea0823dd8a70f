import PhiAccrual

/// A random process with a known law, used to generate recordings. No constant of Phi was chosen on these recordings.
///
/// Heartbeat *k* = 0, 1, 2 … is sent every η = 100 ms and arrives at *A(k)* unless it is lost. A heartbeat that arrives
/// after a later one counts as lost. *Z* is standard normal, *U* is uniform in 0 … 1, and *E* is exponential with mean
/// 1. All three are drawn anew for each heartbeat.
public enum SyntheticFamily: String, CaseIterable, Sendable {
    /// `A(k) = kη + 0.05 η Z`, 0.5 % lost. Nothing beats a fixed timeout here.
    case stationary
    /// `A(k) = kη + σ(k) η Z`, 0.1 % lost. σ is 0.01 in calm and 0.1 in a storm. A heartbeat starts a storm with
    /// probability 1/1,000 and ends it with probability 1/200.
    case regimeSwitching = "regime-switching"
    /// `A(k) = max(A(k−1), kη + 0.05 η (U^(−1/2) − 1))`: Pareto delays of index 2, which have infinite variance, on a
    /// connection that preserves order. Nothing is lost.
    case heavyTailed = "heavy-tailed"
    /// `A(k) = kη + 0.02 η Z`. The loss is 0.1 % on a good link and 50 % on a bad one. A heartbeat turns the link bad
    /// with probability 1/500 and good again with probability 1/10.
    ///
    /// Source: Gilbert, “Capacity of a burst-noise channel”, Bell System Technical Journal 39, 1960; Elliott, “Estimates
    /// of error rates for codes on burst-noise channels”, ibid. 42, 1963.
    case burstyLoss = "bursty-loss"
    /// `A(k) = s(k) + 0.05 η Z` with `s(k+1) = s(k) + η (1 + 0.3 sin(2πk / 6000 + θ))`, 0.5 % lost. The interval rises
    /// and falls by 30 % in a cycle of ten minutes. Each node has its own θ.
    case driftingPeriod = "drifting-period"
    /// `A(k) = max(A(k−1), kη + 0.02 η Z, T)`, 0.1 % lost. A heartbeat starts a stall with probability 1/300. All
    /// heartbeats sent during the stall arrive together at its end, `T = kη + (1 + 3 E) η`.
    case batchArrivals = "batch-arrivals"

    /// η, in nanoseconds.
    static let interval = 1e8

    /// Generates a recording of the process. Equal seeds give equal recordings.
    ///
    /// - Parameter sent: Number of heartbeats that each node sends. With the defaults about 67,000 are judged, enough
    ///   for cells down to 3 mistakes per 10,000 heartbeats.
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
