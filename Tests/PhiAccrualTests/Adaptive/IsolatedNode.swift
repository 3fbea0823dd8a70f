import PhiAccrual

/// A node watched by the adaptive model, in a separate group.
struct IsolatedNode {
    private(set) var model = AdaptiveModel(.init())
    private(set) var group: AdaptiveModel.GroupState
    private var other = AdaptiveModel(.init())
    private let thresholds: [AdaptiveModel.Threshold]
    private var levelStates: [AdaptiveModel.LevelState]

    init(
        _ policies: [Policy] = [], announcedInterval: Int64 = 0,
        group: AdaptiveModel.GroupState = AdaptiveModel.makeGroupState()
    ) {
        self.group = group
        thresholds = policies.map(AdaptiveModel.threshold(for:))
        levelStates = thresholds.map(AdaptiveModel.levelState(of:))
        begin(announcedInterval: announcedInterval)
    }

    mutating func begin(announcedInterval: Int64, timestampUncertainty: Int64 = 0) {
        model.begin(announcedInterval: announcedInterval)
        updateLevels(after: nil, timestampUncertainty: timestampUncertainty)
    }
    mutating func observe(_ gap: Int64, step: Int64 = 1, timestampUncertainty: Int64 = 0) {
        let arrival = Arrival(gap: gap, step: step)
        model.observe(arrival, in: &group)
        updateLevels(after: arrival, timestampUncertainty: timestampUncertainty)
    }
    /// Records a gap, in nanoseconds, of another node in its group.
    mutating func groupHears(_ gap: Int64) {
        other.observe(Arrival(gap: gap, step: 1), in: &group)
    }
    private mutating func updateLevels(after arrival: Arrival?, timestampUncertainty: Int64) {
        var levelStates = levelStates
        let thresholds = thresholds
        var span = levelStates.mutableSpan
        model.updateLevels(
            thresholds.span, &span, after: arrival, timestampUncertainty: timestampUncertainty, in: &group)
        self.levelStates = levelStates
    }

    /// Timeout of a level, in nanoseconds after the last arrival.
    func timeout(_ level: Int = 0) -> Int64? { model.timeout(until: thresholds[level], in: levelStates[level]) }
    func shortfall(_ level: Int = 0) -> BudgetShortfall? {
        model.shortfall(of: thresholds[level], in: levelStates[level])
    }
}
