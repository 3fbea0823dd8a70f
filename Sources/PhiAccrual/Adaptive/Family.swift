/// How lateness is counted: the three families.
enum FamilyKind: Int, Sendable {
    /// From one interval after the last arrival, in intervals: for senders without a schedule.
    case last
    /// From the instant that the sequence number stands for, in intervals: for senders that keep a schedule.
    case schedule
    /// From one interval after the last arrival, in the geometric mean of interval and present deviation: for links
    /// whose volatility comes and goes. φ is asked of this one.
    case scaled

    static let count = 3

    /// Exponent of two of the lowest lateness told apart by the family with this number.
    static func lowest(of number: Int) -> Int { number == scaled.rawValue ? -7 : -5 }
}

/// One way of expecting the next heartbeat, and how late heartbeats came by it.
struct Family: Sendable {
    private(set) var histogram = LatenessHistogram()
    /// When the next arrival is expected, after the last one. At least 0, or the mean wait below would be wrong.
    private(set) var centre: Float = 0  // ns
    /// The unit of lateness.
    private(set) var scale: Float = 0  // ns; 0: nothing is expected yet
    // Sums over what the histogram holds, in intervals.
    private var centres: Float = 0
    private var scales: Float = 0

    mutating func expect(after centre: Double, scale: Double) {
        (self.centre, self.scale) = (Float(max(0, centre)), Float(max(1e-3, scale)))
    }

    mutating func tally(_ gap: Double, unit: Double, lowest: Int) {
        histogram.tally(Float((gap - Double(centre)) / Double(scale)), lowest: lowest)
        centres += centre / Float(unit)
        scales += scale / Float(unit)
    }

    mutating func halve() {
        histogram.halve()
        centres /= 2
        scales /= 2
    }

    /// Mean wait of “`lateness` scales after the centre”, in intervals: its intercept and slope.
    func meanWait(total: UInt32) -> (intercept: Float, slope: Float) {
        let count = Float(max(1, total))
        return (centres / count, scales / count)
    }

    /// The wait in nanoseconds after which lateness is so many scales.
    func wait(_ lateness: Double) -> Double { Double(centre) + lateness * Double(scale) }
    func lateness(_ silence: Double) -> Double { (silence - Double(centre)) / Double(scale) }
}
