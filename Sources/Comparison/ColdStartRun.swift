import PhiAccrual

/// A detector with one common setting, run on nodes that it has no history of.
struct ColdStartRun: Sendable {
    let name: String
    private let policy: Policy
    /// Makes the detector for a node's interval, in nanoseconds. Only the fixed timeout uses the interval.
    private let choice: @Sendable (_ interval: Double) -> DetectorSpec

    /// The adaptive detector at four prices, a fixed timeout that is given the interval, and the other detectors with
    /// the settings of their authors or of the systems that use them.
    static let all: [ColdStartRun] =
        [10, 100, 1000, 10_000].map { ColdStartRun("adaptive", .adaptive(), .price($0)) }
        + [ColdStartRun(intervals: 5)]
        + DetectorRegistry.baselines.filter { $0.name != FixedModel.Parameters.detectorName }.flatMap(\.presets)
        .map { ColdStartRun($0.names[0], $0.spec, .phi($0.spec.nativeThreshold ?? 8)) }

    private init(_ name: String, _ choice: DetectorSpec, _ policy: Policy) {
        self.name = choice.usesPolicy ? "\(name) \(policy)" : name
        self.policy = policy
        self.choice = { _ in choice }
    }

    private init(intervals: Int) {
        name = "fixed \(intervals) intervals"
        policy = .phi(8)
        choice = { interval in
            var parameters = FixedModel.Parameters()
            parameters.timeout = .nanoseconds(max(1, Int64(saturating: Double(intervals) * interval)))
            return DetectorSpec(parameters)
        }
    }

    /// The costs of one node that starts with these arrivals, per segment between two horizons of `ColdStart`. Timeouts
    /// are in intervals of the node.
    func costs(_ arrivals: [Arrival], interval: Double) -> [SweepCost] {
        var run = Run(arrivals: arrivals, interval: interval, policy: policy)
        // `Run` never throws; the protocol allows a visitor to.
        return (try? choice(interval).open(&run)) ?? ColdStart.horizons.map { _ in SweepCost() }
    }

    private struct Run: ModelVisitor {
        typealias Outcome = [SweepCost]

        let arrivals: [Arrival]
        let interval: Double
        let policy: Policy

        func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) -> [SweepCost] {
            let heartbeats =
                [RecordedHeartbeat(node: 0, arrival: nil)] + arrivals.map { RecordedHeartbeat(node: 0, arrival: $0) }
            let blocks =
                [nil]
                + arrivals.indices.map { number in
                    ColdStart.horizons.firstIndex { number < $0 }.map { Int32($0) }
                }
            var sweep = ThresholdSweep<Model>(
                [Model.threshold(for: policy)], group: Model.makeGroupState(parameters),
                blocks: ColdStart.horizons.count)
            sweep.run(heartbeats, ofNodes: 1, with: Model(parameters), unit: interval, blocks: blocks)
            return sweep.costs
        }
    }
}
