import Comparison
import PhiAccrual

/// How the adaptive detector fares with nodes that were not heard before: mistakes among the first heartbeats, and what
/// is waited.
///
/// Each node of a recording is started anew at many heartbeats spread evenly over its life, each time by a fresh model in
/// a group of its own, and announces its interval as publishers do.
public struct ColdStartTrial: Hashable, Sendable {
    /// The first heartbeats of each start, all starts together.
    public private(set) var heartbeats = 0
    public private(set) var mistakes = 0
    /// Those that there was a deadline for.
    private var deadlines = 0
    /// Sum of deadline − arrival that set it, in intervals of the node.
    private var timeouts = 0.0

    /// Mistakes per heartbeat.
    public var rate: Double { Double(mistakes) / Double(max(1, heartbeats)) }
    /// Mean of deadline − arrival that set it, in intervals of the node.
    public var timeout: Double { timeouts / Double(max(1, deadlines)) }

    /// How many starts there are at least, for all nodes together.
    private static let starts = 200

    /// - Parameters:
    ///   - profile: What groups begin with.
    ///   - horizon: How many heartbeats of each start count; nodes with fewer are left out.
    /// - Returns: One trial per policy.
    static func run(
        _ trace: RecordedArrivals, under policies: [Policy], profile: LatenessProfile?, horizon: Int
    ) -> [ColdStartTrial] {
        let parameters = AdaptiveModel.Parameters(profile: profile)
        let thresholds = policies.map(AdaptiveModel.threshold(for:))
        var trials = Array(repeating: ColdStartTrial(), count: policies.count)
        let lives = trace.arrivalsByNode.filter { $0.count >= horizon }
        let starts = starts / max(1, lives.count) + 1
        for arrivals in lives {
            let interval = usualInterval(arrivals)
            for start in 0...starts {
                let first = (arrivals.count - horizon) * start / starts
                var sweep = ThresholdSweep<AdaptiveModel>(thresholds, group: AdaptiveModel.makeGroupState(parameters))
                sweep.run(
                    Array(arrivals[first..<first + horizon]), with: AdaptiveModel(parameters),
                    announcedInterval: Int64(saturating: interval), unit: interval, warmUp: 0)
                for (policy, cost) in sweep.costs.enumerated() {
                    trials[policy].heartbeats += sweep.samples
                    trials[policy].mistakes += cost.mistakes
                    trials[policy].deadlines += cost.deadlines
                    trials[policy].timeouts += cost.timeouts
                }
            }
        }
        return trials
    }

    /// Median gap per sequence step, in nanoseconds: what a sender would announce.
    private static func usualInterval(_ arrivals: [Arrival]) -> Double {
        let gaps = arrivals.map { Double($0.gap) / Double($0.step) }.sorted()
        return gaps.isEmpty ? 1 : max(1, gaps[gaps.count / 2])
    }
}
