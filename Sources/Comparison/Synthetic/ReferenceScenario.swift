import PhiAccrual

/// The plain case: one node, 100 ms ± 5 ms normal, 0.5 % lost, 100,000 heartbeats after warm-up.
///
/// The process is stationary, so a fixed timeout is optimal. Any detector with a timeout of 225 ms makes a mistake
/// whenever two heartbeats in a row are lost: once in 40,000 heartbeats, two or three times in the recording, and more
/// or fewer by chance. A goal for the number of mistakes is therefore compared with a fixed timeout of the same length
/// on the same heartbeats.
public struct ReferenceScenario: Sendable, Encodable {
    public struct OperatingPoint: Sendable, Encodable {
        public var price: Double
        public var mistakes: Int
        /// Mean timeout, in seconds.
        public var timeout: Double

        private enum CodingKeys: String, CodingKey {
            case price, mistakes
            case timeout = "timeout_seconds"
        }
    }
    public struct Goal: Sendable, Encodable {
        /// Maximum mean timeout after the last arrival, in seconds.
        public var timeout: Double
        public var mistakes: Int
        /// The price with the fewest mistakes within `timeout`; nil if every price has a longer mean timeout.
        public var best: OperatingPoint?
        /// Mistakes of a fixed timeout of length `timeout`.
        public var fixed: Int
        public var isReached: Bool { best.map { $0.mistakes <= max(mistakes, fixed) } ?? false }

        private enum CodingKeys: String, CodingKey {
            case mistakes, best, fixed
            case timeout = "timeout_seconds"
        }
    }
    public let goals: [Goal]
    /// Number of judged heartbeats.
    public let samples: Int

    /// - Parameter heartbeats: Number of judged heartbeats; fewer than 100,000 for a quick look.
    public init(seed: UInt64, heartbeats: Int = 100_000) {
        var recording = RecordedArrivals(name: "plain case", nodes: ["plain"])
        var sender = SyntheticSender(.stationary, seed: seed)
        var sequence: Int64 = 0
        while recording.samples < DetectorComparison.warmUp + heartbeats {
            if let at = sender.next() { recording.append(sequence, at: at, node: 0) }
            sequence += 1
        }
        let plan = BootstrapBlocks(recording)
        let sweep = recording.sweep(plan, AdaptiveModel.self, .init(), DetectorRegistry.prices.map(Policy.price))
        let curve = BlockCosts("adaptive", DetectorRegistry.prices.map { "\($0)" }, plan, [sweep.costs])
            .curve(plan, counting: plan.whole)
        let offers = zip(DetectorRegistry.prices, curve.points).map {
            OperatingPoint(price: $0, mistakes: $1.mistakes, timeout: $1.timeout)
        }
        let judged = recording.arrivalsByNode[0].dropFirst(DetectorComparison.warmUp)
        samples = sweep.samples
        goals = [(0.225, 2), (0.310, 0)].map { timeout, mistakes in
            Goal(
                timeout: timeout, mistakes: mistakes,
                best: offers.filter { $0.timeout <= timeout }.min {
                    ($0.mistakes, $0.timeout) < ($1.mistakes, $1.timeout)
                },
                fixed: judged.count { arrival in
                    var rule = MistakeRule()
                    return rule.receive(at: arrival.gap, after: 0, deadline: Int64(timeout * 1e9)).isLate
                })
        }
    }
}
