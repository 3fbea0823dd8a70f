/// Records the deadlines of a detector, heartbeat by heartbeat, and computes its quality of service.
///
/// Every node is assumed to be up from its first to its last arrival. Sums are whole nanoseconds in 128 bits: they
/// neither drift nor overflow. Equal input gives an equal report.
public struct QualityRecorder: Sendable {
    private let warmUp: Int
    private var nodes: [Int: NodeRecord] = [:]
    private var mistakes = MistakeSums()
    private var timeouts = TimeoutSample()
    private var samples = 0
    private var lost: Int128 = 0
    private var delay: Int128 = 0  // ns, sum over samples
    private var isEveryDelayKnown = true  // over all arrivals
    private var deadlines = 0
    private var margin: Int128 = 0  // ns, sum over samples with a deadline
    private var phis = 0
    private var exceedances = Calibration.levels.map { _ in 0 }

    /// - Parameter warmUp: Number of fresh arrivals of each node that count only towards the interval. The first
    ///   arrival after them is judged completely, with the φ and the deadline that the warm-up produced.
    public init(warmUp: Int = 0) { self.warmUp = warmUp }

    /// Records one fresh arrival. Arrivals of one node must be in order; nodes may be interleaved in any way.
    public mutating func record(_ arrival: JudgedArrival) {
        let isSample = nodes[arrival.node, default: NodeRecord()].record(arrival, warmUp: warmUp, into: &mistakes)
        isEveryDelayKnown = isEveryDelayKnown && arrival.delay != nil
        guard isSample else { return }

        samples += 1
        lost += Int128(max(arrival.step ?? 1, 1)) - 1
        delay += Int128(arrival.delay ?? 0)
        if let deadline = arrival.deadline {
            deadlines += 1
            margin += Int128(deadline) - Int128(arrival.at)
            timeouts.insert(node: arrival.node, delay: arrival.delay ?? 0, from: arrival.at, until: deadline)
        }
        if let phi = arrival.phi, !phi.isNaN {
            phis += 1
            for (index, level) in Calibration.levels.enumerated() where phi > Double(level) { exceedances[index] += 1 }
        }
    }

    /// The quality of everything recorded so far.
    public func report() -> QualityReport {
        let intervals = nodes.compactMapValues(\.interval)  // s
        let isDelayIncluded = isEveryDelayKnown && samples > 0
        let detection = timeouts.detectionTimes(intervals: intervals, includingDelays: isDelayIncluded)
        return QualityReport(
            samples: samples,
            nodes: nodes.count,
            losses: Int(clamping: lost),
            undefinedDeadlines: samples - deadlines,
            undefinedPhis: samples - phis,
            interval: median(Array(intervals.values)),
            observedTime: seconds(mistakes.observedTime),
            mistakes: mistakes.count,
            mistakeRate: ratio(Double(mistakes.count), seconds(mistakes.observedTime)),
            mistakesPerHeartbeat: ratio(Double(mistakes.count), Double(mistakes.gaps)),
            mistakeDuration: mean(mistakes.duration, of: mistakes.count),
            mistakeRecurrence: mean(mistakes.recurrence, of: mistakes.recurrences),
            queryAccuracy: ratio(seconds(mistakes.duration), seconds(mistakes.observedTime)).map { 1 - min($0, 1) },
            margin: mean(margin, of: deadlines),
            delay: isDelayIncluded ? mean(delay, of: samples) : nil,
            detectionTime: detection?.mean,
            detectionTimeP99: detection?.p99,
            calibration: zip(Calibration.levels, exceedances).map {
                Calibration(phi: $0, samples: phis, exceedances: $1)
            })
    }
}

private func mean(_ sum: Int128, of count: Int) -> Double? { ratio(seconds(sum), Double(count)) }

private func ratio(_ part: Double, _ whole: Double) -> Double? { whole > 0 ? part / whole : nil }

private func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}

func seconds(_ nanoseconds: Int128) -> Double {
    // Nearly all values fit 64 bits. `Double(Int128)` goes through generic integer code that costs more than everything
    // else here.
    (Int64(exactly: nanoseconds).map { Double($0) } ?? Double(nanoseconds)) / 1e9
}
