/// A way of expecting the next heartbeat: where (the centre), in what unit lateness is counted (the scale), and what of
/// the recent past makes a difference (the states).
///
/// A state is the answer to a question that is asked when a heartbeat arrives; lateness after each answer has a table of
/// its own.
enum Family: Int, CaseIterable, Sendable {
    /// From one interval after the last arrival, in about an interval: for senders without a schedule.
    case last
    /// From the instant that the sequence number stands for, in the geometric mean of interval and present deviation, by
    /// whether the last heartbeat came early or late: for senders that keep a schedule.
    case schedule
    /// From one interval after the last arrival, in that same scale, by how much lateness there was lately: for links
    /// that go through bad patches. φ is asked of this one.
    case bursts

    static let count = 3
    /// The scale of `last`, in intervals. A little more than one: edges at whole numbers then lie just after the instants at
    /// which heartbeats come when one or two before them were lost.
    static let lastScale: Float = 1.05
    /// The longest wait that `last` knows, in intervals. Not stored: each access would ask whether it is there yet.
    static var maxTimeout: Float { 1 + lastScale * LatenessBuckets.edge(last.edgeCount - 1, early: last.early) }
    static let stateCount = 10

    /// Of the tables of all families together, where this one's begin.
    var firstState: Int {
        switch self {
        case .last: 0
        case .schedule: 1
        case .bursts: 4
        }
    }
    var states: Range<Int> {
        switch self {
        case .last: 0..<1
        case .schedule: 1..<4
        case .bursts: 4..<10
        }
    }

    /// How many buckets tell apart what comes early. `last` needs several: it knows which shorter intervals there were.
    var early: Int { self == .last ? 6 : 1 }
    var bucketCount: Int { LatenessBuckets.count(early: early) }
    /// The first edge worth waiting for: just before the centre.
    var firstEdge: Int { early - 1 }
    var edgeCount: Int { bucketCount - 1 }

    /// Where the buckets of a state begin among all.
    func firstBucket(ofState state: Int) -> Int {
        self == .last ? 0 : Family.last.bucketCount + (state - 1) * bucketCount
    }
}
