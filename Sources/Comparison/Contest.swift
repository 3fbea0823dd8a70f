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
/// Ours gets prices only. The classical ones get everything else as their authors recommend, or without floors and
/// pauses where those are absolute times that have nothing to do with a trace's interval.
public struct Contest: Sendable {
    /// Fresh heartbeats per node that everybody may learn from before judging begins.
    public static let warmUp = 200

    public let trace: RecordedArrivals
    public let ours: ParetoCurve
    public let classical: [ParetoCurve]
    public let calibration: [Calibration]
    /// Heartbeats judged.
    public let samples: Int

    public init(_ trace: RecordedArrivals) {
        self.trace = trace
        let intervals = trace.nodes.map(\.interval).filter { $0 > 0 }.sorted()
        let unit = intervals.isEmpty ? 1e9 : intervals[intervals.count / 2]  // ns
        let runner = Runner(nodes: trace.nodes)
        let phis = Self.geometric(0.02, 300, 60)
        let multiples = Self.geometric(0.003, 300, 60)

        ours = runner.curve("adaptive", AdaptiveModel.self, .init(), Self.prices.map { ("price=\($0)", .price($0)) })
        let policies = phis.map { ("phi=\($0)", Policy.phi($0)) }
        var logistic = LogisticModel.Parameters()
        (logistic.minStdDeviation, logistic.acceptableHeartbeatPause) = (.nanoseconds(1), .zero)
        logistic.resolution = .nanoseconds(max(1, Int64(unit / 1e4)))
        logistic.firstHeartbeatEstimate = .nanoseconds(Int64(saturating: unit))
        logistic.learnsEveryGap = true
        var exponential = ExponentialModel.Parameters()
        exponential.initialInterval = .nanoseconds(Int64(saturating: unit))
        exponential.maxInterval = .nanoseconds(Int64(saturating: min(1000 * unit, 1.7e16)))
        classical = [
            runner.curve(
                "fixed", FixedModel.self,
                Self.geometric(0.9, 500, 60).map { multiple in
                    var parameters = FixedModel.Parameters()
                    parameters.timeout = .nanoseconds(Int64(saturating: multiple * unit))
                    return parameters
                }),
            runner.curve("normal", NormalModel.self, .init(floor: 0), policies),
            runner.curve("logistic", LogisticModel.self, logistic, policies),
            runner.curve(
                "exponential", ExponentialModel.self, exponential,
                Self.geometric(0.3, 200, 60).map { ("phi=\($0)", .phi($0)) }),
            runner.curve(
                "chen", ChenModel.self,
                multiples.map { multiple in
                    var parameters = ChenModel.Parameters()
                    parameters.window = 1000
                    parameters.alpha = .nanoseconds(Int64(saturating: multiple * unit))
                    return parameters
                }),
            runner.curve(
                "bertier", BertierModel.self,
                Self.geometric(0.1, 300, 60).map { factor in
                    var parameters = BertierModel.Parameters()
                    parameters.phi = factor
                    return parameters
                }),
            runner.curve(
                "two-window", TwoWindowModel.self,
                multiples.map { multiple in
                    var parameters = TwoWindowModel.Parameters()
                    parameters.margin = .nanoseconds(Int64(saturating: multiple * unit))
                    return parameters
                }),
            runner.curve(
                "empirical", EmpiricalModel.self,
                Self.shares.map { share, factor in
                    var parameters = EmpiricalModel.Parameters()
                    (parameters.threshold, parameters.scalingFactor) = (share, factor)
                    return parameters
                }),
        ]
        samples = runner.samples
        calibration = Calibration.of(trace)
    }

    /// Enough of them that nothing lies between two that matters.
    static let prices = geometric(0.5, 5e5, 81)

    /// Shares of remembered gaps up to all of them, and then stretched.
    private static let shares: [(Double, Double)] =
        geometric(0.1, 0.001, 30).map { (1 - $0, 1) } + geometric(1, 0.02, 30).map { (1, $0) }

    static func geometric(_ first: Double, _ last: Double, _ count: Int) -> [Double] {
        (0..<count).map { first * pow(last / first, Double($0) / Double(count - 1)) }
    }
}

/// Runs models over the nodes of one trace.
private struct Runner {
    let nodes: [RecordedArrivals.Node]
    var samples: Int { nodes.reduce(0) { $0 + max(0, $1.arrivals.count - Contest.warmUp) } }

    /// One pass, many policies.
    func curve<Model: ArrivalModel>(
        _ name: String, _ model: Model.Type, _ parameters: Model.Parameters, _ policies: [(String, Policy)]
    ) -> ParetoCurve {
        var sweep = ThresholdSweep<Model>(
            policies.map { Model.threshold(for: $0.1) }, commons: Model.commons(parameters))
        for node in nodes { sweep.run(node.arrivals, with: Model(parameters), unit: 1e9, warmUp: Contest.warmUp) }
        return curve(name, zip(policies.map(\.0), sweep.costs), samples: sweep.samples)
    }

    /// One pass for each set of parameters.
    func curve<Model: PlainArrivalModel>(
        _ name: String, _ model: Model.Type, _ parameters: [Model.Parameters]
    ) -> ParetoCurve where Model.Parameters: DetectorParameters {
        var costs: [(String, ThresholdSweep<Model>.Cost)] = []
        for parameters in parameters {
            var sweep = ThresholdSweep<Model>([Model.threshold(for: .phi(8))], commons: Model.commons(parameters))
            for node in nodes { sweep.run(node.arrivals, with: Model(parameters), unit: 1e9, warmUp: Contest.warmUp) }
            costs.append((parameters.description, sweep.costs[0]))
        }
        return curve(name, costs, samples: samples)
    }

    private func curve<Model>(
        _ name: String, _ costs: some Sequence<(String, ThresholdSweep<Model>.Cost)>, samples: Int
    ) -> ParetoCurve {
        let count = Double(max(1, samples))
        return ParetoCurve(
            detector: name,
            points: costs.map { parameter, cost in
                ParetoCurve.Point(
                    parameter: parameter, mistakes: cost.mistakes, rate: Double(cost.mistakes) / count,
                    wait: cost.waits / count)
            })
    }
}
