/// The contests of several traces together.
public struct ComparisonReport: Sendable, Encodable {
    public struct Trace: Sendable, Encodable {
        public var name: String
        /// Heartbeats judged.
        public var samples: Int
        public var curves: [ParetoCurve]
        public var calibration: [Calibration]
    }
    public private(set) var traces: [Trace] = []
    public private(set) var cells: [ComparisonCell] = []
    /// The same with parameters chosen on the first half of each trace, and judged on the second.
    public private(set) var holdOut: [HoldOutCell] = []

    public static let classicalNames = [
        "fixed", "normal", "logistic", "exponential", "chen", "bertier", "two-window", "empirical",
    ]

    public init() {}

    public mutating func add(_ contest: DetectorComparison) {
        traces.append(
            Trace(
                name: contest.name, samples: contest.samples, curves: [contest.adaptive] + contest.baselines,
                calibration: contest.calibration))
        cells += contest.cells
        holdOut += contest.holdOut
    }

    /// The cells of every other trace: constants are chosen on one half and must hold on the other.
    public func half(_ remainder: Int) -> [ComparisonCell] {
        let names = Set(traces.enumerated().filter { $0.offset % 2 == remainder }.map(\.element.name))
        return cells.filter { names.contains($0.trace) }
    }

    private enum Keys: String, CodingKey {
        case traces, cells, holdOut
        case geometricMean = "geometric_mean"
        case interval = "geometric_mean_interval"
        case worst
    }
    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Keys.self)
        try object.encode(traces, forKey: .traces)
        try object.encode(cells, forKey: .cells)
        try object.encode(holdOut, forKey: .holdOut)
        try object.encode(cells.geometricMean, forKey: .geometricMean)
        try object.encode(cells.resampledGeometricMean, forKey: .interval)
        try object.encode(cells.worst?.ratio, forKey: .worst)
    }
}
