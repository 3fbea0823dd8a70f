/// One fresh heartbeat of a recording.
public struct RecordedHeartbeat: Hashable, Sendable {
    /// Index of its node, from 0.
    public var node: Int
    /// The arrival; nil for a node's first heartbeat, which has no predecessor.
    public var arrival: Arrival?

    public init(node: Int, arrival: Arrival?) { (self.node, self.arrival) = (node, arrival) }
}

/// The cost of some arrivals under one threshold, by `MistakeRule`.
public struct SweepCost: Hashable, Sendable {
    /// Number of arrivals that revealed a mistake.
    public var mistakes = 0
    /// Number of arrivals after their deadline. It exceeds `mistakes` only where a deadline may lie before the arrival
    /// that sets it.
    public var late = 0
    /// Number of arrivals that had a deadline.
    public var deadlines = 0
    /// Sum of the timeouts of these arrivals, in units.
    public var timeouts = 0.0

    /// Mean over the arrivals that had a deadline, in units; nil if there are none.
    public var meanTimeout: Double? { deadlines > 0 ? timeouts / Double(deadlines) : nil }

    public init() {}
    public init(mistakes: Int, late: Int, deadlines: Int, timeouts: Double) {
        (self.mistakes, self.late, self.deadlines, self.timeouts) = (mistakes, late, deadlines, timeouts)
    }

    public static func += (sum: inout SweepCost, other: SweepCost) {
        sum.mistakes += other.mistakes
        sum.late += other.late
        sum.deadlines += other.deadlines
        sum.timeouts += other.timeouts
    }
}

/// The costs of the recorded arrivals of some nodes under each of many thresholds, from a single pass over them.
///
/// The verdicts are those of `Detector`, without its registry, timing wheel, and events. `MistakeRule` says what is a
/// mistake.
public struct ThresholdSweep<Model: ArrivalModel>: Sendable {
    /// One per block and threshold, at index block · thresholds + threshold.
    public private(set) var costs: [SweepCost]
    /// Number of arrivals evaluated.
    public private(set) var samples = 0
    /// φ at the instant of each evaluated arrival, if it was requested and is defined.
    public private(set) var phis: [Double] = []

    private let thresholds: [Model.Threshold]
    private let recordsPhi: Bool
    private var group: Model.GroupState

    /// - Parameters:
    ///   - group: Initial state of the nodes' group.
    ///   - blocks: Number of parts of the arrivals with separate costs.
    public init(
        _ thresholds: [Model.Threshold], group: Model.GroupState, blocks: Int = 1, recordingPhi recordsPhi: Bool = false
    ) {
        self.thresholds = thresholds
        self.group = group
        self.recordsPhi = recordsPhi
        costs = Array(repeating: SweepCost(), count: blocks * thresholds.count)
    }

    /// Runs the heartbeats of one node.
    ///
    /// - Parameters:
    ///   - model: Initial model of the node.
    ///   - unit: Unit of timeouts, in nanoseconds.
    ///   - warmUp: Number of arrivals before evaluation begins.
    public mutating func run(
        _ arrivals: [Arrival], with model: Model, announcedInterval: Int64 = 0, unit: Double, warmUp: Int
    ) {
        let first = RecordedHeartbeat(node: 0, arrival: nil)
        run(
            [first] + arrivals.map { RecordedHeartbeat(node: 0, arrival: $0) }, ofNodes: 1, with: model,
            announcedInterval: announcedInterval, unit: unit,
            blocks: [nil] + arrivals.indices.map { $0 < warmUp ? nil : 0 })
    }

    /// The loop of `run`, which `DetectorRegistry` declares for all its models.
    mutating func evaluate(
        _ heartbeats: [RecordedHeartbeat], ofNodes count: Int, with model: Model, announcedInterval: Int64,
        unit: Double, blocks: [Int32?]
    ) {
        precondition(heartbeats.count == blocks.count, "each heartbeat is judged in one block or not at all")
        let thresholds = thresholds  // a span of the property would prevent changes to `group`
        var models = Array(repeating: model, count: count)
        // For each node and threshold, at index node · thresholds + threshold.
        var levelStates = (0..<count).flatMap { _ in thresholds.map(Model.levelState(of:)) }
        var timeouts = [Int64?](repeating: nil, count: count * thresholds.count)
        var rules = [MistakeRule](repeating: MistakeRule(), count: count * thresholds.count)
        for (heartbeat, block) in zip(heartbeats, blocks) {
            let node = heartbeat.node
            let levels = node * thresholds.count..<(node + 1) * thresholds.count
            if let arrival = heartbeat.arrival {
                if block != nil {
                    samples += 1
                    if recordsPhi, let phi = models[node].phi(after: arrival.gap) { phis.append(phi) }
                }
                models[node].observe(arrival, in: &group)
            } else {
                models[node].begin(announcedInterval: announcedInterval)
            }
            var all = levelStates.mutableSpan
            var own = all._mutatingExtracting(levels)
            models[node].updateLevels(
                thresholds.span, &own, after: heartbeat.arrival, timestampUncertainty: 0, in: &group)
            for (index, level) in levels.enumerated() {
                // Times are relative to the node's last arrival.
                if let arrival = heartbeat.arrival, let deadline = timeouts[level] {
                    let punctuality = rules[level].receive(at: arrival.gap, after: 0, deadline: deadline)
                    if let block {
                        let cost = Int(block) * thresholds.count + index
                        costs[cost].deadlines += 1
                        costs[cost].timeouts += Double(MistakeRule.suspicionStart(deadline: deadline, last: 0)) / unit
                        if punctuality.isLate { costs[cost].late += 1 }
                        if punctuality == .mistake { costs[cost].mistakes += 1 }
                    }
                }
                let timeout = models[node].timeout(until: thresholds[index], in: levelStates[level])
                timeouts[level] = timeout
                rules[level].setDeadline(timeout, at: 0)
            }
        }
    }
}
