/// What has to be remembered of one node to tell a mistake from its continuation.
///
/// A node is suspected from the deadline that an arrival set, or from that arrival if the deadline had passed by then,
/// until an arrival sets a deadline that is still to come. Suspicion of a node that is up is a mistake; an arrival
/// whose deadline has passed already does not end it, so what follows is the same mistake and not a new one.
struct NodeRecord: Sendable {
    private var arrivals = 0
    private var last: Int64 = 0  // ns, arrival
    private var isSuspected = false  // from before the last arrival, which did not end it
    private var lastMistake: Int64?  // ns, start
    private var gaps: Int128 = 0  // ns, sum of those between numbered heartbeats
    private var steps: Int128 = 0  // sequence numbers within `gaps`

    /// Mean gap per sequence step, in seconds; nil before there is any.
    var interval: Double? { steps > 0 ? seconds(gaps) / Double(steps) : nil }

    /// - Returns: Whether the arrival counts as a sample: it is not one of the first `warmUp` ones.
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

/// Mistakes of all nodes together.
struct MistakeSums: Sendable {
    var gaps = 0  // between arrivals, under a deadline
    var observedTime: Int128 = 0  // ns, the sum of those gaps
    var count = 0
    var duration: Int128 = 0  // ns
    var recurrences = 0  // pairs of successive mistakes of one node
    var recurrence: Int128 = 0  // ns, from start to start
}
