import CMath
import PhiAccrual

/// How detectors perform on nodes without history: mistakes and timeouts during the first heartbeats.
///
/// Each node of each recording is restarted at ten heartbeats, spread evenly over its arrivals. Each start uses a fresh
/// model without an announced interval, a group, or a profile. A start counts for a horizon if at least that many
/// heartbeats follow it. Figures are means over the starts of a recording. All recordings have equal weight.
public struct ColdStart: Sendable, Encodable {
    /// Numbers of heartbeats after the first one.
    public static let horizons = [10, 100, 1000]
    static let starts = 10

    /// Results of the starts up to one horizon.
    public struct Horizon: Hashable, Sendable, Encodable {
        public var heartbeats: Int
        public var starts: Int
        /// Mean per start.
        public var mistakes: Double
        /// Mean of deadline − arrival that set it, in intervals of the node, over the heartbeats that had a deadline.
        public var timeout: Double?

        private enum CodingKeys: String, CodingKey {
            case heartbeats, starts, mistakes
            case timeout = "timeout_intervals"
        }
    }
    public struct Row: Sendable, Encodable {
        public var detector: String
        public var horizons: [Horizon]
    }
    /// One row per detector of `ColdStartRun.all`.
    public let rows: [Row]
    private enum CodingKeys: String, CodingKey { case rows = "cold_start" }

    /// Results of one recording.
    ///
    /// - Parameter onProgress: Called after each detector with the completed share, 0 ... 1.
    public init(_ trace: RecordedArrivals, onProgress: (Double) -> Void = { _ in }) {
        let nodes = trace.arrivalsByNode.filter { !$0.isEmpty }.map(ColdStartNode.init)
        rows = ColdStartRun.all.enumerated().map { number, run in
            let totals = nodes.reduce(into: ColdStartTotals()) { $0.add($1, run) }
            onProgress(Double(number + 1) / Double(ColdStartRun.all.count))
            return Row(detector: run.name, horizons: totals.horizons)
        }
    }

    /// Results of several recordings together: mistakes as their arithmetic mean, timeouts as their geometric mean.
    /// Detectors with constants in seconds have timeouts of thousands of intervals on some recordings, which would
    /// dominate an arithmetic mean.
    public init(_ recordings: [ColdStart]) {
        rows = ColdStartRun.all.indices.map { row in
            let horizons = ColdStart.horizons.indices.map { horizon in
                let all = recordings.map { $0.rows[row].horizons[horizon] }.filter { $0.starts > 0 }
                let timeouts = all.compactMap(\.timeout).filter { $0 > 0 }.map(log)
                return Horizon(
                    heartbeats: ColdStart.horizons[horizon], starts: all.reduce(0) { $0 + $1.starts },
                    mistakes: all.reduce(0) { $0 + $1.mistakes } / Double(max(1, all.count)),
                    timeout: timeouts.isEmpty ? nil : exp(timeouts.reduce(0, +) / Double(timeouts.count)))
            }
            return Row(detector: ColdStartRun.all[row].name, horizons: horizons)
        }
    }
}

/// One node, with the arrivals after each of its starts.
struct ColdStartNode {
    let starts: [[Arrival]]
    /// The larger of the median and the mean gap per sequence step, in nanoseconds. It is computed with hindsight and
    /// is the unit of the reported timeouts; the fixed timeout also receives it.
    let interval: Double

    init(_ arrivals: [Arrival]) {
        let longest = ColdStart.horizons.max() ?? 0
        starts = (0..<ColdStart.starts).map { start in
            Array(arrivals.dropFirst(arrivals.count * start / ColdStart.starts).prefix(longest))
        }
        let gaps = arrivals.map { Double($0.gap) / Double($0.step) }.sorted()
        let time = arrivals.reduce(0.0) { $0 + Double($1.gap) }
        let steps = arrivals.reduce(0.0) { $0 + Double($1.step) }
        interval = max(1, max(gaps.isEmpty ? 0 : gaps[gaps.count / 2], time / max(1, steps)))
    }
}

/// Sums over the starts of one recording, by horizon.
private struct ColdStartTotals {
    private var starts = [0, 0, 0]
    private var costs = [SweepCost(), SweepCost(), SweepCost()]

    mutating func add(_ node: ColdStartNode, _ run: ColdStartRun) {
        for arrivals in node.starts {
            var sum = SweepCost()
            let parts = run.costs(arrivals, interval: node.interval)
            for (index, horizon) in ColdStart.horizons.enumerated() where arrivals.count >= horizon {
                sum += parts[index]
                starts[index] += 1
                costs[index] += sum
            }
        }
    }

    var horizons: [ColdStart.Horizon] {
        ColdStart.horizons.enumerated().map { index, heartbeats in
            let (starts, cost) = (starts[index], costs[index])
            return ColdStart.Horizon(
                heartbeats: heartbeats, starts: starts, mistakes: Double(cost.mistakes) / Double(max(1, starts)),
                timeout: cost.meanTimeout)
        }
    }
}
