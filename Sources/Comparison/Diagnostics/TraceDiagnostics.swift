import CMath
import Evaluation
import PhiAccrual

/// Diagnostics of one trace beyond its Pareto curves: how the detectors with a φ behave along the trace.
///
/// Each detector runs with the policy of its curve whose mistake rate is nearest to `rate`. This makes the detectors
/// comparable.
public struct TraceDiagnostics: Sendable {
    public let name: String
    public let nodes: Int
    /// Number of judged heartbeats.
    public let samples: Int
    /// Median over the nodes of the mean gap per sequence step, in seconds.
    public let interval: Double
    /// The adaptive detector first, then the baselines.
    public let curves: [ParetoCurve]
    public let gaps: GapSurvival
    /// The adaptive detector first.
    public let views: [View]
    /// Number of mistakes of the adaptive detector under the policy of its view.
    public let mistakes: Int
    /// An evenly spaced selection of these mistakes.
    public let episodes: [Episode]

    /// One detector's behaviour along the trace.
    public struct View: Sendable {
        public let detector: String
        /// The policy in the syntax of the command line.
        public let policy: String
        /// Mistakes per heartbeat under `policy`; nil if the detector makes no mistake under any policy.
        public let rate: Double?
        public let calibration: [Calibration]
        public let fit: GapFit
    }

    /// Mistake rate, per heartbeat, at which detectors are compared.
    public static let rate = 1e-3
    private static let maxEpisodes = 6

    /// - Parameter comparison: The comparison that was run on this trace.
    public init(of trace: RecordedArrivals, _ comparison: DetectorComparison) {
        (name, nodes, samples) = (trace.name, trace.nodes.count, comparison.samples)
        interval = trace.medianInterval / 1e9
        curves = [comparison.adaptive] + comparison.baselines
        gaps = GapSurvival(of: trace)

        let chosen = curves.map { ChosenPoint(in: $0) }
        func run<Model>(_ model: Model.Type, _ name: String, _ parameters: Model.Parameters) -> DetectorRun<Model> {
            let policy = chosen.first { $0.detector == name }?.policy ?? .phi(8)
            return DetectorRun(policy: policy, parameters: parameters)
        }
        let adaptive = run(AdaptiveModel.self, "adaptive", .init())
        var mistakes: [Mistake] = []
        adaptive.run(trace) { step, _ in
            guard step.isJudged, step.isLate else { return }
            mistakes.append(Mistake(node: step.node, last: step.last, now: step.now))
        }
        self.mistakes = mistakes.count
        let windows = mistakes.spread(Self.maxEpisodes).map { Window(around: $0, in: trace) }

        func observe<Model>(_ run: DetectorRun<Model>) -> Observation {
            Observation(of: run, trace, lengths: lengths, windows: windows)
        }
        let lengths = gaps.lengths
        let unit = trace.medianInterval
        let normal = DetectorRegistry.comparedParameters(NormalModel.Parameters.self, interval: unit)
        let exponential = DetectorRegistry.comparedParameters(ExponentialModel.Parameters.self, interval: unit)
        let observations = [
            ("adaptive", observe(adaptive)),
            ("normal", observe(run(NormalModel.self, "normal", normal))),
            ("exponential", observe(run(ExponentialModel.self, "exponential", exponential))),
        ]
        views = observations.map { name, observation in
            let point = chosen.first { $0.detector == name }
            return View(
                detector: name, policy: point?.policy.description ?? "", rate: point?.rate,
                calibration: Calibration.curve(observation.reached), fit: observation.fit)
        }
        episodes = windows.indices.map { number in
            Episode(windows[number], tracks: observations.map { ($0, $1.tracks[number]) })
        }
    }

    /// The point of a curve whose mistake rate is nearest to `TraceDiagnostics.rate`.
    private struct ChosenPoint {
        let detector: String
        private(set) var policy = Policy.phi(8)
        private(set) var rate: Double?

        init(in curve: ParetoCurve) {
            detector = curve.detector
            var least = Double.infinity
            for point in curve.points where point.mistakes > 0 {
                let distance = abs(log(point.rate / TraceDiagnostics.rate))
                // Detectors that follow no policy have another kind of parameter here. They are skipped.
                guard distance < least, let policy = try? Policy(parsing: point.parameter) else { continue }
                (least, self.policy, rate) = (distance, policy, point.rate)
            }
        }
    }
}
