import PhiAccrual

/// The detection time after each heartbeat, if its node had crashed after sending it.
///
/// A heartbeat sent at *s* arrives at *s* + delay, and its node is suspected at *s* + delay + timeout. A crash at *s* +
/// *u*·interval, with *u* uniform in 0 ..< 1, prevents the next heartbeat. Then `T_D = delay + timeout − u·interval`.
/// If that is below 0, the suspicion came before the crash, and T_D is 0.
///
/// Intervals are known only at the end, so timeouts are stored: all of them up to 2²⁰, and an even share beyond. The
/// heartbeat's number alone decides whether it is in the share. The rank of the p99 is then off by less than 0.0007,
/// which is five standard errors.
struct TimeoutSample: Sendable {
    private struct SampledTimeout {
        var number: UInt64  // counts all inserted heartbeats, from 1
        var node: Int
        var delay: Int64  // ns
        var timeout: Int64  // ns, at least 0: no node is suspected before the arrival that set the deadline
    }

    private let capacity: Int
    private var timeouts: [SampledTimeout] = []
    private var inserted: UInt64 = 0
    private var limit = UInt64.max  // upper bound of `scrambled`; halved whenever `timeouts` is full

    init(capacity: Int = 1 << 20) {
        precondition(capacity >= 1, "a sample needs room")
        self.capacity = capacity
    }

    mutating func insert(node: Int, delay: Int64, from arrival: Int64, until deadline: Int64) {
        inserted += 1
        guard scrambled(inserted) <= limit else { return }
        let timeout = MistakeRule.timeout(from: arrival, until: deadline)
        timeouts.append(SampledTimeout(number: inserted, node: node, delay: delay, timeout: timeout))
        while timeouts.count > capacity {
            limit /= 2
            timeouts.removeAll { scrambled($0.number) > limit }
        }
    }

    /// - Parameter intervals: Seconds, by node. Heartbeats of nodes without an interval are left out.
    /// - Returns: Mean over *u* and heartbeats, and nearest-rank 99th percentile, in seconds; nil if there are none.
    func detectionTimes(intervals: [Int: Double], includingDelays: Bool) -> (mean: Double, p99: Double)? {
        var sum = 0.0
        var times: [Double] = []
        times.reserveCapacity(timeouts.count)
        for timeout in timeouts {
            guard let interval = intervals[timeout.node] else { continue }
            let longest = seconds(Int128(timeout.timeout) + (includingDelays ? Int128(timeout.delay) : 0))  // u = 0
            sum += meanPositivePart(of: longest, lessUpTo: interval)
            times.append(max(0, longest - spread(timeout.number) * interval))
        }
        guard !times.isEmpty else { return nil }
        times.sort()
        return (sum / Double(times.count), times[(times.count * 99 + 99) / 100 - 1])
    }
}

/// The mean of `max(0, longest − u·width)` over *u* uniform in 0 ..< 1. In the usual case `longest >= width` this is
/// `longest − width / 2`.
private func meanPositivePart(of longest: Double, lessUpTo width: Double) -> Double {
    if longest <= 0 { return 0 }
    if longest >= width { return longest - width / 2 }
    return longest / width * longest / 2
}

/// The fractional part of `number` / golden ratio: *u* for the heartbeat of that number.
///
/// For any number of terms, this sequence covers 0 ..< 1 about as evenly as any sequence can. Random numbers would make
/// the report noisier, and different for equal input.
private func spread(_ number: UInt64) -> Double {
    Double((number &* 0x9E37_79B9_7F4A_7C15) >> 11) * 0x1p-53
}

/// A pseudorandom hash of `number`. The stored share is therefore uncorrelated with nodes and with `spread`.
///
/// Source: the finalizer of SplitMix64; Steele, Lea and Flood, OOPSLA 2014.
private func scrambled(_ number: UInt64) -> UInt64 {
    var bits = number
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
}
