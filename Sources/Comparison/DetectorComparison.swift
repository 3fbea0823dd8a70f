import Evaluation
import PhiAccrual

/// All detectors on one trace, each over the range of its one free parameter.
///
/// `DetectorRegistry` says which parameter each detector varies. The adaptive detector varies only its price.
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
        var runner = Runner(trace: trace, onProgress: onProgress)
        let (adaptive, passes) = runner.costs(DetectorRegistry.adaptive, recordingPhi: true)
        let baselines = DetectorRegistry.compared.map { runner.costs($0).costs }
        let plan = runner.plan
        name = trace.name
        samples = passes[0].samples
        calibration = Calibration.significant(passes[0].phis)
        self.adaptive = adaptive.curve(plan, counting: plan.whole)
        self.baselines = baselines.map { $0.curve(plan, counting: plan.whole) }
        cells = ComparisonCell.cells(trace: name, samples: samples, adaptive: self.adaptive, baselines: self.baselines)
            .resampled(plan, adaptive: adaptive, baselines: baselines)
        holdOut = HoldOutCell.cells(trace: name, plan, adaptive: adaptive, baselines: baselines)
    }
}

/// Runs one detector after another over a recording.
private struct Runner {
    let trace: RecordedArrivals
    let plan: BootstrapBlocks
    let onProgress: (Double) -> Void
    private let sweeps: [String: ParameterSweep]
    private var passes = 0
    private let allPasses: Int

    init(trace: RecordedArrivals, onProgress: @escaping (Double) -> Void) {
        self.trace = trace
        self.onProgress = onProgress
        plan = BootstrapBlocks(trace)
        sweeps = ([DetectorRegistry.adaptive] + DetectorRegistry.compared).reduce(into: [:]) { sweeps, entry in
            sweeps[entry.name] = entry.sweep(interval: trace.medianInterval)
        }
        allPasses = sweeps.values.reduce(0) { $0 + $1.passes.count }
    }

    /// The costs of one detector for each value of its parameter, and the passes that they are from.
    mutating func costs(_ entry: DetectorRegistry.Entry, recordingPhi: Bool = false)
        -> (costs: BlockCosts, passes: [Pass.Outcome])
    {
        guard let sweep = sweeps[entry.name] else {
            preconditionFailure("\(entry.name) has no parameter to compare by")
        }
        var outcomes: [Pass.Outcome] = []
        for (spec, policies) in sweep.passes {
            var pass = Pass(trace: trace, plan: plan, policies: policies, recordsPhi: recordingPhi)
            guard let outcome = try? spec.open(&pass) else { preconditionFailure("a pass never throws") }
            outcomes.append(outcome)
            passes += 1
            onProgress(min(1, Double(passes) / Double(allPasses)))
        }
        return (BlockCosts(entry.name, sweep.labels, plan, outcomes.map(\.costs)), outcomes)
    }
}

/// One pass over a recording, under one or more policies.
private struct Pass: ModelVisitor {
    /// The results of a `ThresholdSweep`.
    struct Outcome {
        var costs: [SweepCost]
        var samples: Int
        var phis: [Double]
    }
    let trace: RecordedArrivals
    let plan: BootstrapBlocks
    let policies: [Policy]
    let recordsPhi: Bool

    func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) -> Outcome {
        let sweep = trace.sweep(plan, model, parameters, policies, recordingPhi: recordsPhi)
        return Outcome(costs: sweep.costs, samples: sweep.samples, phis: sweep.phis)
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
