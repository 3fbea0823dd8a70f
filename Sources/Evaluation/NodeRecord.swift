import PhiAccrual

/// The arrivals of one node as far as its next mistake depends on them. `MistakeRule` says what is a mistake.
struct NodeRecord: Sendable {
    private var arrivals = 0
    private var last: Int64 = 0  // ns, arrival
    private var rule = MistakeRule()
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
            rule.setDeadline(nil, at: now)
            return
        }
        sums.gaps += 1
        sums.observedTime += Int128(now) - Int128(last)
        let punctuality = rule.receive(at: now, after: last, deadline: deadline)
        if punctuality.isLate {
            let start = MistakeRule.suspicionStart(deadline: deadline, last: last)
            sums.duration += Int128(now) - Int128(start)
            if punctuality == .mistake { begin(at: start, in: &sums) }
        }
        rule.setDeadline(arrival.deadline, at: now)
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
