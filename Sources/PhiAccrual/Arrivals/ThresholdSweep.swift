/// What one node's recorded arrivals cost under each of many thresholds, from a single pass over them.
///
/// The verdicts are those of `Detector`, without its registry, wheel, and events: a level is suspected from its deadline
/// on, and trusted again by an arrival whose own deadline has not passed yet.
public struct ThresholdSweep<Model: ArrivalModel>: Sendable {
    public struct Cost: Hashable, Sendable {
        /// Arrivals that came after their deadline, while the node was trusted.
        public var mistakes = 0
        /// Sum of deadline − arrival that set it, in intervals of the node; nothing counts below 0.
        public var waits = 0.0
    }
    public private(set) var costs: [Cost]
    /// Arrivals that were judged.
    public private(set) var samples = 0

    private let thresholds: [Model.Threshold]
    private var commons: Model.Commons

    /// - Parameter commons: What the nodes' group knows beforehand.
    public init(_ thresholds: [Model.Threshold], commons: Model.Commons) {
        self.thresholds = thresholds
        self.commons = commons
        costs = Array(repeating: Cost(), count: thresholds.count)
    }

    /// - Parameters:
    ///   - unit: What waits are counted in, in nanoseconds.
    ///   - warmUp: How many arrivals come before judging begins.
    ///   - judged: Which arrivals, by number, count; the others are learned from only.
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
        _ arrivals: [Arrival], with model: Model, announcedInterval: Int64 = 0, unit: Double, warmUp: Int,
        judged: Range<Int>? = nil
    ) {
        var model = model
        var pursuits = thresholds.map(Model.pursuit(of:))
        var waits = [Int64?](repeating: nil, count: thresholds.count)
        var isSuspected = [Bool](repeating: false, count: thresholds.count)
        model.begin(announcedInterval: announcedInterval)
        follow(&model, &pursuits, nil)
        for index in thresholds.indices { waits[index] = model.wait(until: thresholds[index], in: pursuits[index]) }
        for (number, arrival) in arrivals.enumerated() {
            let counts = number >= warmUp && judged?.contains(number) ?? true
            if counts { samples += 1 }
            model.observe(arrival, in: &commons)
            follow(&model, &pursuits, arrival)
            for index in thresholds.indices {
                if let wait = waits[index] {
                    let isLate = arrival.gap > max(0, wait)
                    if isLate, !isSuspected[index] {
                        isSuspected[index] = true
                        if counts { costs[index].mistakes += 1 }
                    }
                    if counts { costs[index].waits += Double(max(0, wait)) / unit }
                }
                waits[index] = model.wait(until: thresholds[index], in: pursuits[index])
                if waits[index].map({ $0 >= 0 }) ?? true { isSuspected[index] = false }
            }
        }
    }

    private mutating func follow(_ model: inout Model, _ pursuits: inout [Model.Pursuit], _ arrival: Arrival?) {
        var span = pursuits.mutableSpan
        model.pursue(thresholds, &span, after: arrival, in: &commons)
    }
}
