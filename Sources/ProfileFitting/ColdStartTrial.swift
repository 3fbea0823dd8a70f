import Comparison
import PhiAccrual

/// How the adaptive detector performs on new nodes: mistakes and timeouts during the first heartbeats.
///
/// Each node of a recording is restarted at many heartbeats, spread evenly over its arrivals. Each start uses a fresh
/// model in its own group, and the node announces its interval as publishers do.
public struct ColdStartTrial: Hashable, Sendable {
    /// Number of heartbeats, over all starts.
    public private(set) var heartbeats = 0
    private var cost = SweepCost()

    public var mistakes: Int { cost.mistakes }
    /// Mistakes per heartbeat.
    public var rate: Double { Double(mistakes) / Double(max(1, heartbeats)) }
    /// Mean timeout, in intervals of the node.
    public var timeout: Double { cost.meanTimeout ?? 0 }

    /// Minimum number of starts, over all nodes together.
    private static let starts = 200

    /// - Parameters:
    ///   - profile: The initial state of groups.
    ///   - horizon: Number of heartbeats per start; nodes with fewer are left out.
    /// - Returns: One trial per policy.
    static func run(
        _ trace: RecordedArrivals, under policies: [Policy], profile: LatenessProfile?, horizon: Int
    ) -> [ColdStartTrial] {
        let parameters = AdaptiveModel.Parameters(profile: profile)
        let thresholds = policies.map(AdaptiveModel.threshold(for:))
        var trials = Array(repeating: ColdStartTrial(), count: policies.count)
        let nodeArrivals = trace.arrivalsByNode.filter { $0.count >= horizon }
        let starts = starts / max(1, nodeArrivals.count) + 1
        for arrivals in nodeArrivals {
            let interval = usualInterval(arrivals)
            for start in 0...starts {
                let first = (arrivals.count - horizon) * start / starts
                var sweep = ThresholdSweep<AdaptiveModel>(thresholds, group: AdaptiveModel.makeGroupState(parameters))
                sweep.run(
                    Array(arrivals[first..<first + horizon]), with: AdaptiveModel(parameters),
                    announcedInterval: Int64(saturating: interval), unit: interval, warmUp: 0)
                for (policy, cost) in sweep.costs.enumerated() {
                    trials[policy].heartbeats += sweep.samples
                    trials[policy].cost += cost
                }
            }
        }
        return trials
    }

    /// Median gap per sequence step, in nanoseconds: the interval that a sender would announce.
    private static func usualInterval(_ arrivals: [Arrival]) -> Double {
        let gaps = arrivals.map { Double($0.gap) / Double($0.step) }.sorted()
        return gaps.isEmpty ? 1 : max(1, gaps[gaps.count / 2])
    }
}
