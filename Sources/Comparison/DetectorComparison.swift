import Evaluation
import PhiAccrual

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// All detectors on one trace, each over the range of its one free parameter.
///
/// The adaptive detector varies only its price. The baselines use the settings that their authors recommend. Exceptions
/// are floors and pauses that are absolute times unrelated to the interval of the trace; these are turned off.
public struct DetectorComparison: Sendable {
    /// Fresh heartbeats per node that all detectors learn from before judging begins.
    public static let warmUp = 200

    /// Name of the recording.
    public let name: String
    public let adaptive: ParetoCurve
    public let baselines: [ParetoCurve]
    /// Calibration of the adaptive φ, where it is significant.
    public let calibration: [Calibration]
    public let cells: [ComparisonCell]
    public let holdOut: [HoldOutCell]
    /// Number of judged heartbeats.
    public let samples: Int

    /// - Parameter onProgress: Called after each pass over the recording with the completed share, 0 ... 1.
    public init(_ trace: RecordedArrivals, onProgress: @escaping (Double) -> Void = { _ in }) {
        let unit = trace.medianInterval
        var runner = Runner(trace: trace, onProgress: onProgress)
        let phis = Self.geometric(0.02, 300, 60)
        let multiples = Self.geometric(0.003, 300, 60)

        let policies = phis.map { ("phi=\($0)", Policy.phi($0)) }
        var logistic = LogisticModel.Parameters()
        (logistic.minStdDeviation, logistic.acceptableHeartbeatPause) = (.nanoseconds(1), .zero)
        logistic.resolution = .parameter((unit / 1e4).rounded(.down))
        logistic.firstHeartbeatEstimate = .parameter(unit)
        logistic.learnsEveryGap = true
        let sweep = runner.sweep(
            AdaptiveModel.self, .init(), Self.prices.map(Policy.price), recordingPhi: true)
        let adaptive = BlockCosts("adaptive", Self.prices.map { "price=\($0)" }, runner.plan, sweep)
        let baselines = [
            runner.costs(
                "fixed", FixedModel.self,
                Self.geometric(0.9, 500, 60).map { multiple in
                    var parameters = FixedModel.Parameters()
                    parameters.timeout = .parameter(multiple * unit)
                    return parameters
                }),
            runner.costs("normal", NormalModel.self, .init(floor: 0), policies),
            runner.costs("logistic", LogisticModel.self, logistic, policies),
            runner.costs(
                "exponential", ExponentialModel.self, Self.exponential(unit: unit),
                Self.geometric(0.3, 200, 60).map { ("phi=\($0)", .phi($0)) }),
            runner.costs(
                "chen", ChenModel.self,
                multiples.map { multiple in
                    var parameters = ChenModel.Parameters()
                    parameters.window = 1000
                    parameters.alpha = .parameter(multiple * unit)
                    return parameters
                }),
            runner.costs(
                "bertier", BertierModel.self,
                Self.geometric(0.1, 300, 60).map { factor in
                    var parameters = BertierModel.Parameters()
                    parameters.phi = factor
                    return parameters
                }),
            runner.costs(
                "two-window", TwoWindowModel.self,
                multiples.map { multiple in
                    var parameters = TwoWindowModel.Parameters()
                    parameters.margin = .parameter(multiple * unit)
                    return parameters
                }),
            runner.costs(
                "empirical", EmpiricalModel.self,
                Self.shares.map { share, factor in
                    var parameters = EmpiricalModel.Parameters()
                    (parameters.threshold, parameters.scalingFactor) = (share, factor)
                    return parameters
                }),
        ]
        let plan = runner.plan
        name = trace.name
        samples = sweep.samples
        calibration = Calibration.significant(sweep.phis)
        self.adaptive = adaptive.curve(plan, counting: plan.whole)
        self.baselines = baselines.map { $0.curve(plan, counting: plan.whole) }
        cells = ComparisonCell.cells(trace: name, samples: samples, adaptive: self.adaptive, baselines: self.baselines)
            .resampled(plan, adaptive: adaptive, baselines: baselines)
        holdOut = HoldOutCell.cells(trace: name, plan, adaptive: adaptive, baselines: baselines)
    }

    /// - Parameter unit: The trace's interval, in nanoseconds.
    static func exponential(unit: Double) -> ExponentialModel.Parameters {
        var parameters = ExponentialModel.Parameters()
        parameters.initialInterval = .parameter(unit)
        parameters.maxInterval = .parameter(1000 * unit)
        return parameters
    }

    /// Dense enough that no significant operating point lies between two prices.
    static let prices = geometric(0.5, 5e5, 81)

    /// Pairs of threshold and scaling factor. The threshold rises to 1, the longest gap in the window. Then the factor
    /// falls, which lengthens the timeout further.
    private static let shares: [(Double, Double)] =
        geometric(0.1, 0.001, 30).map { (1 - $0, 1) } + geometric(1, 0.02, 30).map { (1, $0) }

    static func geometric(_ first: Double, _ last: Double, _ count: Int) -> [Double] {
        (0..<count).map { first * pow(last / first, Double($0) / Double(count - 1)) }
    }
}

/// Runs one model after another over a recording.
private struct Runner {
    let trace: RecordedArrivals
    let plan: BootstrapBlocks
    let onProgress: (Double) -> Void
    private var passes = 0
    /// Four detectors evaluate all thresholds in one pass; five need one pass for each of sixty parameter sets.
    private static let allPasses = 4 + 5 * 60

    init(trace: RecordedArrivals, onProgress: @escaping (Double) -> Void) {
        self.trace = trace
        self.onProgress = onProgress
        plan = BootstrapBlocks(trace)
    }

    mutating func sweep<Model: ArrivalModel>(
        _ model: Model.Type, _ parameters: Model.Parameters, _ policies: [Policy], recordingPhi: Bool = false
    ) -> ThresholdSweep<Model> {
        defer {
            passes += 1
            onProgress(min(1, Double(passes) / Double(Self.allPasses)))
        }
        return trace.sweep(plan, model, parameters, policies, recordingPhi: recordingPhi)
    }

    /// One pass for all policies.
    mutating func costs<Model: ArrivalModel>(
        _ name: String, _ model: Model.Type, _ parameters: Model.Parameters, _ policies: [(String, Policy)]
    ) -> BlockCosts {
        BlockCosts(name, policies.map(\.0), plan, sweep(model, parameters, policies.map(\.1)))
    }

    /// One pass per parameter set.
    mutating func costs<Model: BaselineModel>(
        _ name: String, _ model: Model.Type, _ parameters: [Model.Parameters]
    ) -> BlockCosts where Model.Parameters: DetectorParameters {
        var costs: [[SweepCost]] = []
        for parameters in parameters { costs.append(sweep(model, parameters, [.phi(8)]).costs) }
        return BlockCosts(name, parameters.map(\.description), plan, costs)
    }
}

extension RecordedArrivals {
    /// One pass over all nodes, which form one group. Timeouts are in seconds.
    func sweep<Model: ArrivalModel>(
        _ plan: BootstrapBlocks, _ model: Model.Type, _ parameters: Model.Parameters, _ policies: [Policy],
        recordingPhi: Bool = false
    ) -> ThresholdSweep<Model> {
        var sweep = ThresholdSweep<Model>(
            policies.map(Model.threshold(for:)), group: Model.makeGroupState(parameters), blocks: plan.blocks.count,
            recordingPhi: recordingPhi)
        sweep.run(
            heartbeats, ofNodes: nodes.count, with: Model(parameters), unit: 1e9, blocks: plan.blockOfHeartbeat)
        return sweep
    }
}

extension Duration {
    /// Clamped to the range that parameters allow, because a trace can have any interval.
    fileprivate static func parameter(_ nanoseconds: Double) -> Duration {
        min(max(.nanoseconds(1), .nanoseconds(Int64(saturating: nanoseconds))), .maxParameter)
    }
}
