import PhiAccrual

/// A node watched by the adaptive model, in a group of its own.
struct LoneNode {
    private(set) var model = AdaptiveModel(.init())
    private(set) var commons: AdaptiveModel.Commons
    private var other = AdaptiveModel(.init())
    private let thresholds: [AdaptiveModel.Threshold]
    private var pursuits: [AdaptiveModel.Pursuit]

    init(
        _ policies: [Policy] = [], announcedInterval: Int64 = 0,
        commons: AdaptiveModel.Commons = AdaptiveModel.commons()
    ) {
        self.commons = commons
        thresholds = policies.map(AdaptiveModel.threshold(for:))
        pursuits = thresholds.map(AdaptiveModel.pursuit(of:))
        begin(announcedInterval: announcedInterval)
    }

    mutating func begin(announcedInterval: Int64, stampError: Int64 = 0) {
        model.begin(announcedInterval: announcedInterval)
        pursue(after: nil, stampError: stampError)
    }
    mutating func hear(_ gap: Int64, step: Int64 = 1, stampError: Int64 = 0) {
        let arrival = Arrival(gap: gap, step: step)
        model.observe(arrival, in: &commons)
        pursue(after: arrival, stampError: stampError)
    }
    /// Another node of its group, which was heard for long, is heard after this gap.
    mutating func groupHears(_ gap: Int64) {
        other.observe(Arrival(gap: gap, step: 1), in: &commons)
    }
    private mutating func pursue(after arrival: Arrival?, stampError: Int64) {
        var pursuits = pursuits
        let thresholds = thresholds
        var span = pursuits.mutableSpan
        model.pursue(thresholds.span, &span, after: arrival, stampError: stampError, in: &commons)
        self.pursuits = pursuits
    }

    /// Nanoseconds after the last arrival.
    func wait(_ level: Int = 0) -> Int64? { model.wait(until: thresholds[level], in: pursuits[level]) }
    func shortfall(_ level: Int = 0) -> Shortfall? { model.shortfall(of: thresholds[level], in: pursuits[level]) }
}
