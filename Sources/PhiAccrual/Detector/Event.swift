/// What a detector says about a node at one level.
public enum Verdict: String, Hashable, Sendable, CaseIterable {
    /// Expected, and not heard yet.
    case new
    /// Heard, but too few times to say more.
    case learning
    case trusted
    case suspected
    /// It said goodbye. Its silence is no failure.
    case left
    /// Silent for the retention time, and no longer kept.
    case forgotten
}

/// What a detector has to tell, in the order in which it happened.
public enum Event: Hashable, Sendable {
    case transition(Transition)
    case notice(Notice)
    case hold(HoldChange)
}

/// A change of verdict on one node at one level, with what led to it.
public struct Transition: Hashable, Sendable {
    public var node: NodeIdentity
    public var incarnation: UInt32
    /// The level's place among the detector's levels.
    public var level: Int
    /// The policy that holds there for this node.
    public var effectivePolicy: PolicyTable.EffectivePolicy
    public var from: Verdict
    public var to: Verdict
    /// The scheduled deadline for `.suspected`, the arrival for `.trusted`.
    public var at: Instant
    public var evidence: Evidence
}

/// Why: everything that a verdict rests on. Times are nanoseconds.
public struct Evidence: Hashable, Sendable {
    /// How suspicious the silence was at that instant; nil while no interval was known.
    public var phi: Double?
    /// How long nothing had come: up to now, or up to the arrival that ended it.
    public var silence: Int64
    /// After which silence the next heartbeat was expected; nil while no interval was known.
    public var expected: Int64?
    /// After which silence the node is suspected at this level.
    public var timeout: Int64?
    /// Heartbeats of this incarnation that are missing, by sequence number.
    public var missing: Int64
    /// How much later than one expected gap the sender sent its last heartbeat, by its own clock; below 0: earlier.
    public var senderLate: Int64?
    /// How long after the instant the detector acted.
    public var ownLate: Int64
    /// How many gaps the fit rests on.
    public var samples: Int
    /// Since when the node's connection is closed, as a time before the instant; nil if it is not known to be.
    public var disconnected: Int64?
    /// How many heartbeats in a row came in time before trust returned; nil if the first one would have done.
    public var inRow: Int?
    /// Whether another policy ended suspicion, and no heartbeat.
    public var isByPolicy = false
    /// Whether it was so in an earlier run already, and only this level had not told so.
    public var isRestored = false
}

/// Something worth knowing that is no change of verdict. Each kind is told once until it could be news again.
public struct Notice: Hashable, Sendable {
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// Heartbeats come under a key whose name nobody has said yet.
        case unnamed
        /// An older incarnation, or a lower or far higher sequence, kept coming and was taken over.
        case takeover
        /// Two living senders use one key.
        case duplicateNode = "duplicate-node"
        /// A second name claims a key. The first name stays.
        case nameCollision = "name-collision"
        /// A level's limit on its wait does not let its budget of mistakes be kept.
        case infeasible
        /// It does again.
        case feasible
        /// A level suspected the node so often of late that it trusts it again only after a time of calm.
        case flapping
        /// A planned absence begins.
        case paused
        /// It ends.
        case resumed
    }
    public var code: Code
    public var key: NodeKey
    public var node: NodeIdentity?
    public var incarnation: UInt32
    public var at: Instant
    /// The level's place among the detector's levels, where it concerns one.
    public var level: Int?
    /// The policy that holds there.
    public var effectivePolicy: PolicyTable.EffectivePolicy?
    /// What can be had, where it is infeasible.
    public var shortfall: BudgetShortfall?
    public var pause: Pause?
}

/// What became of a heartbeat.
public enum HeartbeatOutcome: Int, Hashable, Sendable, CaseIterable {
    case fresh
    /// Newer too, but of a node that was heard at this very instant while there was a backlog: only its number counts.
    case coalesced
    /// The newest number once more.
    case repeated
    /// A number lower than the newest.
    case late
    /// From before the node's last start.
    case olderIncarnation
    /// A sequence number so far ahead that it needs confirming.
    case implausibleJump
    /// A goodbye of a node never heard of.
    case unknownGoodbye
    /// One node more than the detector may keep.
    case tooManyNodes

    /// Whether its number is above all before it.
    public var isNew: Bool { self == .fresh || self == .coalesced }
}

/// How many heartbeats had which fate.
public struct HeartbeatCounts: Hashable, Sendable {
    private var counts = [Int64](repeating: 0, count: HeartbeatOutcome.allCases.count)
    public internal(set) subscript(outcome: HeartbeatOutcome) -> Int64 {
        get { counts[outcome.rawValue] }
        set { counts[outcome.rawValue] = newValue }
    }
    mutating func count(_ outcome: HeartbeatOutcome) { self[outcome] += 1 }
}
