/// A detector's verdict on a node at one level.
public enum Verdict: String, Hashable, Sendable, CaseIterable {
    /// Expected, and not heard yet.
    case new
    /// Heard, but not often enough to be trusted.
    case learning
    case trusted
    case suspected
    /// It said goodbye. Its silence is no failure.
    case left
    /// Silent for the retention time, or removed on request; no longer watched.
    case forgotten
}

/// An event of a detector. Events are emitted in the order in which they happened.
public enum Event: Hashable, Sendable {
    case transition(Transition)
    case notice(Notice)
    case hold(HoldChange)
}

/// A change of verdict on one node at one level, with its evidence.
public struct Transition: Hashable, Sendable {
    public var node: NodeIdentity
    public var incarnation: UInt32
    /// Index of the level in the detector's levels.
    public var level: Int
    /// The node's effective policy at this level.
    public var effectivePolicy: PolicyTable.EffectivePolicy
    public var from: Verdict
    public var to: Verdict
    /// The scheduled deadline for `.suspected`, the arrival for `.trusted`.
    public var at: Instant
    public var evidence: Evidence
}

/// What a verdict rests on. Times are nanoseconds.
public struct Evidence: Hashable, Sendable {
    /// φ of the silence at that instant; nil while no interval was known.
    public var phi: Double?
    /// Time since the last arrival: up to the verdict, or up to the arrival that ended the silence.
    public var silence: Int64
    /// Silence after which the next heartbeat was expected; nil while no interval was known.
    public var expected: Int64?
    /// Silence after which this level suspects the node.
    public var timeout: Int64?
    /// Heartbeats of this incarnation that are missing, by sequence number.
    public var missing: Int64
    /// How much later than expected the sender sent its last heartbeat, by its own clock; negative: earlier.
    public var senderLate: Int64?
    /// How long after the scheduled instant the detector acted.
    public var ownLate: Int64
    /// Number of gaps that the fit rests on.
    public var samples: Int
    /// How long before the verdict the node's connection closed; nil if it is not known to be closed.
    public var disconnected: Int64?
    /// Consecutive heartbeats in time before trust returned; nil if the first one was enough.
    public var inRow: Int?
    /// Whether a change of policy ended the suspicion, not a heartbeat.
    public var isByPolicy = false
    /// Whether the verdict was restored from an earlier run, in which this level had not published it.
    public var isRestored = false
}

/// A noteworthy fact that is no change of verdict. A notice is not repeated while its cause persists.
public struct Notice: Hashable, Sendable {
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// Heartbeats arrive under a key whose name was not announced yet.
        case unnamed
        /// Heartbeats of an older incarnation, or with a lower or far higher sequence, kept arriving, and their sender
        /// took over.
        case takeover
        /// Two live senders use one key.
        case duplicateNode = "duplicate-node"
        /// A second name was announced for a key. The first name stays.
        case nameCollision = "name-collision"
        /// A level's cap on its timeout excludes its budget of mistakes.
        case budgetInfeasible = "budget-infeasible"
        /// The budget can be kept again.
        case budgetFeasible = "budget-feasible"
        /// A level suspected the node so often recently that it trusts it again only after a quiet period.
        case flapping
        /// A planned absence begins.
        case paused
        /// A planned absence ends.
        case resumed
    }
    public var code: Code
    public var key: NodeKey
    public var node: NodeIdentity?
    public var incarnation: UInt32
    public var at: Instant
    /// Index of the level in the detector's levels, if the notice concerns one.
    public var level: Int?
    /// The node's effective policy at that level.
    public var effectivePolicy: PolicyTable.EffectivePolicy?
    /// What is possible instead, if the budget is infeasible.
    public var shortfall: BudgetShortfall?
    public var pause: Pause?
}

/// What the detector did with a heartbeat.
public enum HeartbeatOutcome: Int, Hashable, Sendable, CaseIterable {
    case fresh
    /// Newer, but the node was already heard at this instant during a backlog: only the sequence number was applied.
    case coalesced
    /// Same sequence number as the newest heartbeat.
    case duplicate
    /// Lower sequence number than the newest heartbeat.
    case outOfOrder
    /// From an incarnation before the present one.
    case staleIncarnation
    /// A sequence number so far ahead that it needs confirmation.
    case implausibleJump
    /// A goodbye from an unknown node.
    case unknownGoodbye
    /// From a new node, when the detector had reached its capacity.
    case tooManyNodes

    /// Whether its sequence number is newer than all before it.
    public var isNew: Bool { self == .fresh || self == .coalesced }
}

/// Number of heartbeats per outcome.
public struct HeartbeatCounts: Hashable, Sendable {
    private var counts = [Int64](repeating: 0, count: HeartbeatOutcome.allCases.count)
    public internal(set) subscript(outcome: HeartbeatOutcome) -> Int64 {
        get { counts[outcome.rawValue] }
        set { counts[outcome.rawValue] = newValue }
    }
    mutating func count(_ outcome: HeartbeatOutcome) { self[outcome] += 1 }
}
