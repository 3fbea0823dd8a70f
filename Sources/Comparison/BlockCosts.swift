import PhiAccrual

/// The costs of one detector on each block of a recording, for each value of its parameter.
struct BlockCosts: Sendable {
    let detector: String
    private let parameters: [String]
    // Index: block · parameters + parameter. The elements are small because there may be a million of them.
    private var mistakes: [Int32]
    private var timeouts: [Float]  // s, sum over a block

    /// - Parameter passes: Costs with timeouts in seconds, in the order of the parameters: one pass for all of them, or
    ///   one for each. In a pass, the index is block · parameters + parameter.
    init(_ detector: String, _ parameters: [String], _ plan: BootstrapBlocks, _ passes: [[SweepCost]]) {
        self.detector = detector
        self.parameters = parameters
        let all = passes.count == 1 ? passes[0] : plan.blocks.indices.flatMap { block in passes.map { $0[block] } }
        // Counts late heartbeats (`MistakeRule.Punctuality`). A detector that suspects always makes only one mistake, and
        // must not look like a good one.
        mistakes = all.map { Int32(clamping: $0.late) }
        timeouts = all.map { Float($0.timeouts) }
    }

    /// The curve of the detector if block *i* occurred `times[i]` times.
    func curve(_ plan: BootstrapBlocks, counting times: [Int]) -> ParetoCurve {
        var sums = [Double](repeating: 0, count: parameters.count)
        var counts = [Int](repeating: 0, count: parameters.count)
        for (block, times) in times.enumerated() where times > 0 {
            let first = block * parameters.count
            for parameter in parameters.indices {
                sums[parameter] += Double(times) * Double(timeouts[first + parameter])
                counts[parameter] += times * Int(mistakes[first + parameter])
            }
        }
        let heartbeats = Double(max(1, plan.heartbeats(counting: times)))
        return ParetoCurve(
            detector: detector,
            points: parameters.indices.map { parameter in
                ParetoCurve.Point(
                    parameter: parameters[parameter], mistakes: counts[parameter],
                    rate: Double(counts[parameter]) / heartbeats, timeout: sums[parameter] / heartbeats)
            })
    }
}
