import CMath

/// The trade-off of one detector on one trace, over the range of its parameter: timeout against mistakes.
public struct ParetoCurve: Hashable, Sendable, Encodable {
    public struct Point: Hashable, Sendable, Encodable {
        /// The parameter in the syntax of the command line.
        public var parameter: String
        public var mistakes: Int
        /// Mistakes per heartbeat.
        public var rate: Double
        /// Mean of deadline − arrival that set it, in seconds.
        public var timeout: Double
    }
    public var detector: String
    public var points: [Point]

    /// The shortest timeout among the points with at most this mistake rate, without interpolation.
    ///
    /// Points with a timeout of 0 are ignored. Such a detector suspects always, and makes one mistake that never ends.
    public func strictTimeout(atRate rate: Double) -> Double? {
        points.filter { $0.rate <= rate && $0.timeout > 0 }.map(\.timeout).min()
    }

    /// The shortest timeout at this rate, with the points joined by straight lines in logarithms. This treats the
    /// parameter as if it had been tuned exactly.
    public func interpolatedTimeout(atRate rate: Double) -> Double? {
        var least = strictTimeout(atRate: rate) ?? .infinity
        for (a, b) in zip(points, points.dropFirst()) where a.timeout > 0 && b.timeout > 0 {
            guard (a.rate - rate) * (b.rate - rate) < 0 else { continue }
            // Zero mistakes have no logarithm; half a mistake replaces them.
            let floor =
                0.5
                * min(
                    a.mistakes > 0 ? a.rate / Double(a.mistakes) : 1, b.mistakes > 0 ? b.rate / Double(b.mistakes) : 1)
            let (from, to) = (log(max(a.rate, floor)), log(max(b.rate, floor)))
            guard from != to else { continue }
            let share = (log(rate) - from) / (to - from)
            least = min(least, exp(log(a.timeout) + (log(b.timeout) - log(a.timeout)) * min(1, max(0, share))))
        }
        return least.isFinite ? least : nil
    }
}

/// The timeouts of all detectors at one mistake rate on one trace.
public struct ComparisonCell: Hashable, Sendable, Encodable {
    public var trace: String
    /// Mistakes per heartbeat.
    public var rate: Double
    /// Seconds; nil if no price reaches the rate.
    public var adaptive: Double?
    /// Timeout of the best baseline detector, in seconds. Both the detector and its parameter are chosen with hindsight
    /// for this cell.
    public var best: Double
    public var bestDetector: String
    /// Timeouts of the baseline detectors, in seconds, by name.
    public var baselines: [String: Double]
    /// The ratios over bootstrap draws; nil until they are computed.
    public var resampled: BootstrapRatios?

    /// Adaptive ÷ best baseline timeout. Below 1 the adaptive detector is better than all baselines.
    public var ratio: Double? { adaptive.map { $0 / best } }

    public static let rates = [1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4]
    /// A cell is judged only if at least this many mistakes are allowed. Fewer are not significant.
    public static let minMistakes = 20.0
    /// Number of heartbeats that a trace needs for its first cell.
    public static var minSamples: Int { Int((minMistakes / (rates.max() ?? 1)).rounded(.up)) }

    /// The cells of one trace. Only the baselines are interpolated.
    public static func cells(trace: String, samples: Int, adaptive: ParetoCurve, baselines: [ParetoCurve])
        -> [ComparisonCell]
    {
        rates.filter { $0 * Double(samples) >= minMistakes }.compactMap { rate in
            ComparisonCell(trace: trace, rate: rate, adaptive: adaptive, baselines: baselines)
        }
    }

    /// Nil if no baseline detector reaches the rate.
    init?(trace: String, rate: Double, adaptive: ParetoCurve, baselines: [ParetoCurve]) {
        var timeouts: [String: Double] = [:]
        for curve in baselines { timeouts[curve.detector] = curve.interpolatedTimeout(atRate: rate) }
        guard let best = timeouts.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) else { return nil }
        (self.trace, self.rate, self.adaptive) = (trace, rate, adaptive.strictTimeout(atRate: rate))
        (self.best, self.bestDetector, self.baselines) = (best.value, best.key, timeouts)
    }
}

extension [ComparisonCell] {
    /// Geometric mean of adaptive ÷ best baseline; nil if the adaptive detector reaches no cell.
    public var geometricMean: Double? {
        let logs = compactMap(\.ratio).map(log)
        return logs.isEmpty ? nil : exp(logs.reduce(0, +) / Double(logs.count))
    }
    public var worst: ComparisonCell? { self.max { ($0.ratio ?? .infinity) < ($1.ratio ?? .infinity) } }

    /// Geometric mean of adaptive ÷ one baseline detector.
    public func geometricMean(against detector: String) -> Double? {
        let logs = compactMap { cell in
            cell.adaptive.flatMap { adaptive in cell.baselines[detector].map { log(adaptive / $0) } }
        }
        return logs.isEmpty ? nil : exp(logs.reduce(0, +) / Double(logs.count))
    }
}
