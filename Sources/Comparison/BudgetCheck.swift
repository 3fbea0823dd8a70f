import PhiAccrual

/// Whether the adaptive detector keeps a stated mistake budget on one recording.
public struct BudgetCheck: Sendable, Encodable {
    public var trace: String
    /// The budget: one mistake per this many heartbeats.
    public var heartbeatsPerMistake: Double
    /// Number of judged heartbeats.
    public var samples: Int
    public var promised: Double
    public var observed: Int
    /// Observed ÷ promised mistakes, with a 95 % interval that allows for clustered heartbeats.
    public var ratio: ClusterRatio
    /// Mean timeout, in seconds.
    public var timeout: Double

    /// Observed mistakes may exceed the promised ones by this factor, or fall short of them by it. Too few mistakes
    /// also miss the budget: their price is a longer timeout.
    public static let tolerance = 1.5
    /// A budget is judged only if it promises at least this many mistakes. Fewer are not significant.
    public static let minPromised = 40.0
    static let budgets = [30.0, 100, 300, 1000, 3000, 10_000, 30_000, 100_000]

    /// Whether the interval overlaps the tolerated range.
    public var isKept: Bool { ratio.high >= 1 / Self.tolerance && ratio.low <= Self.tolerance }

    /// Checks the budgets that the recording is long enough for. All nodes form one group, in order of time.
    public static func checks(_ trace: RecordedArrivals) -> [BudgetCheck] {
        let plan = BootstrapBlocks(trace)
        let samples = plan.heartbeats(counting: plan.whole)
        let budgets = budgets.filter { Double(samples) / $0 >= minPromised }
        guard !budgets.isEmpty else { return [] }
        let sweep = trace.sweep(
            plan, AdaptiveModel.self, .init(), budgets.map { .mistakes(MistakeBudget(.perHeartbeat(1 / $0))) })
        return budgets.indices.map { index in
            let costs = plan.blocks.indices.map { sweep.costs[$0 * budgets.count + index] }
            var clusters = [(observed: Double, expected: Double)](repeating: (0, 0), count: plan.clusterCount)
            for (block, cost) in zip(plan.blocks, costs) {
                clusters[block.cluster].observed += Double(cost.mistakes)
                clusters[block.cluster].expected += Double(block.heartbeats) / budgets[index]
            }
            let cost = costs.reduce(into: SweepCost(), +=)
            return BudgetCheck(
                trace: trace.name, heartbeatsPerMistake: budgets[index], samples: samples,
                promised: Double(samples) / budgets[index], observed: cost.mistakes, ratio: ClusterRatio(clusters),
                timeout: cost.meanTimeout ?? 0)
        }
    }

    private enum Keys: String, CodingKey {
        case trace, samples, promised, observed, ratio, kept
        case heartbeatsPerMistake = "heartbeats_per_mistake"
        case timeout = "timeout_seconds"
    }
    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Keys.self)
        try object.encode(trace, forKey: .trace)
        try object.encode(heartbeatsPerMistake, forKey: .heartbeatsPerMistake)
        try object.encode(samples, forKey: .samples)
        try object.encode(promised, forKey: .promised)
        try object.encode(observed, forKey: .observed)
        try object.encode(ratio, forKey: .ratio)
        try object.encode(isKept, forKey: .kept)
        try object.encode(timeout, forKey: .timeout)
    }
}

/// The budget checks of recordings and, separately, of synthetic families.
public struct BudgetReport: Sendable, Encodable {
    public let recordings: [BudgetCheck]
    public let synthetic: [BudgetCheck]

    public init(recordings: [BudgetCheck], synthetic: [BudgetCheck]) {
        (self.recordings, self.synthetic) = (recordings, synthetic)
    }
    private enum CodingKeys: String, CodingKey {
        case recordings = "budget_checks"
        case synthetic
    }
}
