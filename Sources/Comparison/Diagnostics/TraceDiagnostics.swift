import PhiAccrual

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What can be drawn of one trace besides its curves: how detectors that have a φ see it on their way.
///
/// Each follows the policy of its curve whose rate of mistakes is nearest to `rate`, so that they can be looked at side by
/// side.
public struct TraceDiagnostics: Sendable {
    public let name: String
    public let nodes: Int
    /// Heartbeats judged.
    public let samples: Int
    /// Median over the nodes of the mean gap per sequence step, in seconds.
    public let interval: Double
    /// Adaptive first, then the classical ones.
    public let curves: [ParetoCurve]
    public let gaps: GapSurvival
    /// Adaptive first.
    public let views: [View]
    /// Mistakes of the adaptive detector in its view.
    public let mistakes: Int
    /// Some of them, evenly chosen.
    public let episodes: [Episode]

    /// One detector's view of the trace.
    public struct View: Sendable {
        public let detector: String
        /// As its user would write it.
        public let policy: String
        /// Mistakes per heartbeat under it; nil if it makes none under any.
        public let rate: Double?
        public let calibration: [CalibrationPoint]
        public let fit: GapFit
    }

    /// Mistakes per heartbeat at which detectors are looked at.
    public static let rate = 1e-3
    private static let maxEpisodes = 6

    /// - Parameter contest: The one that was held on this trace.
    public init(of trace: RecordedArrivals, _ contest: DetectorComparison) {
        (name, nodes, samples) = (trace.name, trace.nodes.count, contest.samples)
        interval = trace.medianInterval / 1e9
        curves = [contest.adaptive] + contest.baselines
        gaps = GapSurvival(of: trace)

        let chosen = curves.map { ChosenPoint(in: $0) }
        func run<Model>(_ model: Model.Type, _ name: String, _ parameters: Model.Parameters) -> DetectorRun<Model> {
            let policy = chosen.first { $0.detector == name }?.policy ?? .phi(8)
            return DetectorRun(policy: policy, parameters: parameters)
        }
        let adaptive = run(AdaptiveModel.self, "adaptive", .init())
        var mistakes: [Mistake] = []
        adaptive.run(trace) { step, _ in
            guard step.isJudged, step.isMistake else { return }
            mistakes.append(Mistake(node: step.node, last: step.last, now: step.now))
        }
        self.mistakes = mistakes.count
        let excerpts = mistakes.spread(Self.maxEpisodes).map { Window(around: $0, in: trace) }

        func observe<Model>(_ run: DetectorRun<Model>) -> Observation {
            Observation(of: run, trace, lengths: lengths, excerpts: excerpts)
        }
        let lengths = gaps.lengths
        let exponential = DetectorComparison.exponential(unit: trace.medianInterval)
        let observations = [
            ("adaptive", observe(adaptive)),
            ("normal", observe(run(NormalModel.self, "normal", .init(floor: 0)))),
            ("exponential", observe(run(ExponentialModel.self, "exponential", exponential))),
        ]
        views = observations.map { name, observation in
            let point = chosen.first { $0.detector == name }
            return View(
                detector: name, policy: point?.policy.description ?? "", rate: point?.rate,
                calibration: CalibrationPoint.curve(ofReached: observation.reached), fit: observation.fit)
        }
        episodes = excerpts.indices.map { number in
            Episode(excerpts[number], tracks: observations.map { ($0, $1.tracks[number]) })
        }
    }

    /// The point of a curve whose rate of mistakes is nearest to the one looked at.
    private struct ChosenPoint {
        let detector: String
        private(set) var policy = Policy.phi(8)
        private(set) var rate: Double?

        init(in curve: ParetoCurve) {
            detector = curve.detector
            var least = Double.infinity
            for point in curve.points where point.mistakes > 0 {
                let distance = abs(log(point.rate / TraceDiagnostics.rate))
                // Detectors that no policy tells when to suspect have something else there, and are not looked at.
                guard distance < least, let policy = try? Policy(parsing: point.parameter) else { continue }
                (least, self.policy, rate) = (distance, policy, point.rate)
            }
        }
    }
}
