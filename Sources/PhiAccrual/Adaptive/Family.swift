/// A way to predict the next heartbeat: the expected arrival (centre), the unit of lateness (scale), and the
/// distinctions in the recent past that matter (states).
///
/// An arriving heartbeat determines the state. Each state has its own histogram of the lateness that follows. Raw values
/// are stored, and are indices of arrays.
enum Family: Int, CaseIterable, Sendable {
    /// Centre: one interval after the last arrival. Scale: about one interval. For senders without a schedule.
    case last = 0
    /// Centre: when the schedule expects the next sequence number. Scale: the geometric mean of interval and current
    /// deviation. States: whether the last heartbeat came early or late. For senders that keep a schedule.
    case schedule = 1
    /// Centre: one interval after the last arrival. Scale: that of `schedule`. States: how much lateness there was
    /// recently. For links with bursts of lateness. φ uses this family.
    case bursts = 2

    static let count = 3
    /// Scale of `last`, in intervals. It is slightly above 1, so that edges at whole numbers lie just after the
    /// instants at which heartbeats come when one or two before them were lost.
    static let lastScale: Float = 1.05
    /// Maximum timeout of `last`, in intervals. Not stored: each access would check whether it is initialised.
    static var maxTimeout: Float { 1 + lastScale * LatenessBuckets.edge(last.edgeCount - 1, early: last.early) }
    static let stateCount = 10

    /// Index of this family's first state among the states of all families.
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

    /// Number of buckets for early heartbeats. `last` needs several, to know which shorter intervals occurred.
    var early: Int { self == .last ? 6 : 1 }
    var bucketCount: Int { LatenessBuckets.count(early: early) }
    /// The first edge worth considering as a timeout: just before the centre.
    var firstEdge: Int { early - 1 }
    var edgeCount: Int { bucketCount - 1 }

    /// Index of the state's first bucket among the buckets of all families.
    func firstBucket(ofState state: Int) -> Int {
        self == .last ? 0 : Family.last.bucketCount + (state - 1) * bucketCount
    }
}
