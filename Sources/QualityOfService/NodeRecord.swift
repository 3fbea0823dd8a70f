/// The state of one node that separates a new mistake from the continuation of an earlier one.
///
/// Suspicion begins at the deadline that an arrival set, or at that arrival if its deadline had already passed. It ends
/// with an arrival that sets a deadline in the future. Suspicion of a node that is up is a mistake. An arrival whose
/// deadline has already passed does not end the mistake, so the suspicion that follows is the same mistake.
struct NodeRecord: Sendable {
    private var arrivals = 0
    private var last: Int64 = 0  // ns, arrival
    private var isSuspected = false  // since before the last arrival, which did not end the suspicion
    private var lastMistake: Int64?  // ns, start
    private var gaps: Int128 = 0  // ns, sum of the gaps between numbered heartbeats
    private var steps: Int128 = 0  // sequence numbers within `gaps`

    /// Mean gap per sequence step, in seconds; nil before the first gap.
    var interval: Double? { steps > 0 ? seconds(gaps) / Double(steps) : nil }

    /// - Returns: Whether the arrival counts as a sample, that is, comes after the first `warmUp` arrivals.
    mutating func record(_ arrival: JudgedArrival, warmUp: Int, into sums: inout MistakeSums) -> Bool {
        let isSample = arrivals >= warmUp
        let now = arrivals == 0 ? arrival.at : max(arrival.at, last)
        if arrivals > 0, let step = arrival.step, step > 0 {
            gaps += Int128(now) - Int128(last)
            steps += Int128(step)
        }
        if arrivals > 0, isSample { judge(arrival, now: now, into: &sums) }
        arrivals += 1
        last = now
        return isSample
    }

    private mutating func judge(_ arrival: JudgedArrival, now: Int64, into sums: inout MistakeSums) {
        guard let deadline = arrival.previousDeadline else {
            isSuspected = false
            return
        }
        sums.gaps += 1
        sums.observedTime += Int128(now) - Int128(last)
        let start = max(deadline, last)
        if now > start {
            sums.duration += Int128(now) - Int128(start)
            let isContinued = isSuspected && deadline <= last
            if !isContinued { begin(at: start, in: &sums) }
            isSuspected = true
        }
        isSuspected = isSuspected && arrival.deadline.map { $0 <= now } ?? false
    }

    private mutating func begin(at start: Int64, in sums: inout MistakeSums) {
        sums.count += 1
        if let lastMistake {
            sums.recurrences += 1
            sums.recurrence += Int128(start) - Int128(lastMistake)
        }
        lastMistake = start
    }
}

/// Sums over the mistakes of all nodes.
struct MistakeSums: Sendable {
    var gaps = 0  // between arrivals, with a deadline in force
    var observedTime: Int128 = 0  // ns, sum of those gaps
    var count = 0
    var duration: Int128 = 0  // ns
    var recurrences = 0  // pairs of successive mistakes of one node
    var recurrence: Int128 = 0  // ns, from start to start
}
