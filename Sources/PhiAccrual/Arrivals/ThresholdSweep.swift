/// One fresh heartbeat of a recording.
public struct RecordedHeartbeat: Hashable, Sendable {
    /// Whose it is, numbered from 0.
    public var node: Int
    /// What it tells; nil of a node's first one, which nothing came before.
    public var arrival: Arrival?

    public init(node: Int, arrival: Arrival?) { (self.node, self.arrival) = (node, arrival) }
}

/// What some arrivals cost under one threshold.
public struct SweepCost: Hashable, Sendable {
    /// Arrivals that came after their deadline, while the node was trusted.
    public var mistakes = 0
    /// Arrivals that came after their deadline. More than mistakes only where a deadline may lie before the arrival that
    /// sets it: such a detector suspects always, and makes one mistake that never ends.
    public var late = 0
    /// Arrivals that there was a deadline for.
    public var deadlines = 0
    /// Sum of deadline − arrival that set it, in units; nothing counts below 0.
    public var timeouts = 0.0

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

/// What the recorded arrivals of some nodes cost under each of many thresholds, from a single pass over them.
///
/// The verdicts are those of `Detector`, without its registry, wheel, and events: a level is suspected from its deadline
/// on, and trusted again by an arrival whose own deadline has not passed yet.
public struct ThresholdSweep<Model: ArrivalModel>: Sendable {
    /// One per block and threshold: block · thresholds + threshold.
    public private(set) var costs: [SweepCost]
    /// Arrivals that were judged.
    public private(set) var samples = 0
    /// The φ at which each judged arrival was taken in, where it was asked for and is defined.
    public private(set) var phis: [Double] = []

    private let thresholds: [Model.Threshold]
    private let recordsPhi: Bool
    private var group: Model.GroupState

    /// - Parameters:
    ///   - group: What the nodes' group knows beforehand.
    ///   - blocks: How many parts of the arrivals have their costs apart.
    public init(
        _ thresholds: [Model.Threshold], group: Model.GroupState, blocks: Int = 1, recordingPhi recordsPhi: Bool = false
    ) {
        self.thresholds = thresholds
        self.group = group
        self.recordsPhi = recordsPhi
        costs = Array(repeating: SweepCost(), count: blocks * thresholds.count)
    }

    /// Takes in the heartbeats of one node.
    ///
    /// - Parameters:
    ///   - model: As the node begins with.
    ///   - unit: What waits are counted in, in nanoseconds.
    ///   - warmUp: How many arrivals come before judging begins.
    public mutating func run(
        _ arrivals: [Arrival], with model: Model, announcedInterval: Int64 = 0, unit: Double, warmUp: Int
    ) {
        let first = RecordedHeartbeat(node: 0, arrival: nil)
        run(
            [first] + arrivals.map { RecordedHeartbeat(node: 0, arrival: $0) }, ofNodes: 1, with: model,
            announcedInterval: announcedInterval, unit: unit,
            blocks: [nil] + arrivals.indices.map { $0 < warmUp ? nil : 0 })
    }

    /// Takes in the heartbeats of several nodes that form a group, in order of time.
    ///
    /// - Parameters:
    ///   - count: Number of nodes.
    ///   - model: As every node begins with.
    ///   - unit: What waits are counted in, in nanoseconds.
    ///   - blocks: For each heartbeat the block in which it is judged; nil: it is only learned from.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    @specialized(where Model == FixedModel)
    @specialized(where Model == LogisticModel)
    @specialized(where Model == ExponentialModel)
    @specialized(where Model == ChenModel)
    @specialized(where Model == BertierModel)
    @specialized(where Model == TwoWindowModel)
    @specialized(where Model == EmpiricalModel)
    @specialized(where Model == SelfTuningModel)
    public mutating func run(
        _ heartbeats: [RecordedHeartbeat], ofNodes count: Int, with model: Model, announcedInterval: Int64 = 0,
        unit: Double, blocks: [Int32?]
    ) {
        precondition(heartbeats.count == blocks.count, "each heartbeat is judged in one block or not at all")
        let thresholds = thresholds  // or its span would bar `group` from changing
        var models = Array(repeating: model, count: count)
        // Of each node and threshold: node · thresholds + threshold.
        var levelStates = (0..<count).flatMap { _ in thresholds.map(Model.levelState(of:)) }
        var timeouts = [Int64?](repeating: nil, count: count * thresholds.count)
        var isSuspected = [Bool](repeating: false, count: count * thresholds.count)
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
                if let arrival = heartbeat.arrival, let timeout = timeouts[level].map({ max(0, $0) }) {
                    let isLate = arrival.gap > timeout
                    let isMistake = isLate && !isSuspected[level]
                    if isMistake { isSuspected[level] = true }
                    if let block {
                        let cost = Int(block) * thresholds.count + index
                        costs[cost].deadlines += 1
                        costs[cost].timeouts += Double(timeout) / unit
                        if isLate { costs[cost].late += 1 }
                        if isMistake { costs[cost].mistakes += 1 }
                    }
                }
                let timeout = models[node].timeout(until: thresholds[index], in: levelStates[level])
                timeouts[level] = timeout
                if timeout.map({ $0 >= 0 }) ?? true { isSuspected[level] = false }
            }
        }
    }
}
