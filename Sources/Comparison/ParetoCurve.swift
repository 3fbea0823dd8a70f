#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a detector offers on one trace over the range of its parameter: waits against mistakes.
public struct ParetoCurve: Hashable, Sendable, Encodable {
    public struct Point: Hashable, Sendable, Encodable {
        /// As its user would write it.
        public var parameter: String
        public var mistakes: Int
        /// Mistakes per heartbeat.
        public var rate: Double
        /// Mean of deadline − arrival that set it, in seconds.
        public var timeout: Double
    }
    public var detector: String
    public var points: [Point]

    /// The least wait among the points that make no more mistakes than this, and nothing in between.
    ///
    /// A wait of 0 is none: so a detector looks that suspects always, and makes one mistake which never ends.
    public func strictTimeout(atRate rate: Double) -> Double? {
        points.filter { $0.rate <= rate && $0.timeout > 0 }.map(\.timeout).min()
    }

    /// The least wait at this rate with points joined by straight lines in logarithms, as if its parameter had been known
    /// to the last digit.
    public func interpolatedTimeout(atRate rate: Double) -> Double? {
        var least = strictTimeout(atRate: rate) ?? .infinity
        for (a, b) in zip(points, points.dropFirst()) where a.timeout > 0 && b.timeout > 0 {
            guard (a.rate - rate) * (b.rate - rate) < 0 else { continue }
            // Half a mistake stands for none, whose logarithm there is not.
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

/// The waits of all detectors at one rate of mistakes on one trace.
public struct ComparisonCell: Hashable, Sendable, Encodable {
    public var trace: String
    /// Mistakes per heartbeat.
    public var rate: Double
    /// Seconds; nil if no parameter reaches the rate.
    public var adaptive: Double?
    /// Of the classical detectors the best, with the parameter that hindsight finds best for this very cell, and its name.
    public var best: Double
    public var bestDetector: String
    /// Waits of the classical detectors, in seconds.
    public var baselines: [String: Double]
    /// The ratio, had other parts of the recording been met; nil until it is worked out.
    public var resampled: BootstrapRatios?

    /// Below 1 is better than all of them.
    public var ratio: Double? { adaptive.map { $0 / best } }

    public static let rates = [1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4]
    /// A cell is judged only where so many mistakes are allowed: fewer say nothing.
    public static let minMistakes = 20.0
    /// Heartbeats that a trace must have to be judged for the first cell.
    public static var minSamples: Int { Int((minMistakes / (rates.max() ?? 1)).rounded(.up)) }

    /// The cells of one trace. Ours is taken strictly, the others with the benefit of interpolation.
    public static func cells(trace: String, samples: Int, adaptive: ParetoCurve, baselines: [ParetoCurve])
        -> [ComparisonCell]
    {
        rates.filter { $0 * Double(samples) >= minMistakes }.compactMap { rate in
            ComparisonCell(trace: trace, rate: rate, adaptive: adaptive, baselines: baselines)
        }
    }

    /// Nil if no classical detector reaches the rate.
    init?(trace: String, rate: Double, adaptive: ParetoCurve, baselines: [ParetoCurve]) {
        var timeouts: [String: Double] = [:]
        for curve in baselines { timeouts[curve.detector] = curve.interpolatedTimeout(atRate: rate) }
        guard let best = timeouts.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) else { return nil }
        (self.trace, self.rate, self.adaptive) = (trace, rate, adaptive.strictTimeout(atRate: rate))
        (self.best, self.bestDetector, self.baselines) = (best.value, best.key, timeouts)
    }
}

extension [ComparisonCell] {
    /// Geometric mean of ours ÷ the best classical one; nil without cells that we reach.
    public var geometricMean: Double? {
        let logs = compactMap(\.ratio).map(log)
        return logs.isEmpty ? nil : exp(logs.reduce(0, +) / Double(logs.count))
    }
    public var worst: ComparisonCell? { self.max { ($0.ratio ?? .infinity) < ($1.ratio ?? .infinity) } }

    /// Geometric mean of ours ÷ one classical detector.
    public func geometricMean(against detector: String) -> Double? {
        let logs = compactMap { cell in
            cell.adaptive.flatMap { adaptive in cell.baselines[detector].map { log(adaptive / $0) } }
        }
        return logs.isEmpty ? nil : exp(logs.reduce(0, +) / Double(logs.count))
    }
}
