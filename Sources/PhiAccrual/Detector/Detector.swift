/// Watches many nodes: learns from their heartbeats, suspects the silent, and trusts again who is heard.
///
/// It owns no clock, socket, or timer. The caller says what time it is and, after every step, waits for `nextDeadline`
/// or the next heartbeat, whichever comes first. Equal inputs give equal events, always.
///
/// An arrival at or before its node's deadline is in time: at equal instants, call `receive` before `advance`. A caller
/// that was late itself takes in everything that is waiting before it advances, or its own pause would look like
/// everyone's silence.
public struct Detector<Model: ArrivalModel>: Sendable {
    public struct Configuration: Sendable {
        /// Between one and eight levels, from the least certain to the most, and who has policies of his own.
        public var policies: PolicyTable
        public var model: Model.Parameters
        /// After which silence a node is forgotten, in nanoseconds; nil keeps it for ever.
        public var retention: Int64?
        /// How many nodes are kept at most. One more is refused, and those known are not disturbed.
        public var capacity: Int
        /// Where the look-up puts keys depends on it. A service takes a random one: who can choose keys, and knew this,
        /// could make every look-up slow. Who is asked whether silence is common depends on it too.
        public var seed: UInt64
        /// When a suspected node is trusted again.
        public var recovery = RecoveryRule()
        /// When suspicions are held back because silence is common; nil: never.
        public var hold: HoldRule?

        public init(
            levels: [Level], model: Model.Parameters, retention: Int64? = nil, capacity: Int = 1_000_000,
            seed: UInt64 = 0
        ) {
            precondition((1...Int(Int32.max)).contains(capacity))
            precondition(retention.map { $0 > 0 } ?? true, "a node is kept for some time")
            policies = PolicyTable(levels: levels)
            self.model = model
            self.retention = retention
            self.capacity = capacity
            self.seed = seed
        }
    }

    public internal(set) var configuration: Configuration
    public var levels: [Level] { plans.policies.levels }
    /// What holds at present.
    public var policies: PolicyTable { plans.policies }
    public var nodeCount: Int { table.count }
    public internal(set) var heartbeatCounts = HeartbeatCounts()
    /// How often a deadline, or the moment of a hold, was acted on, whether there was something to tell or not.
    public internal(set) var stepCount: UInt64 = 0
    /// By how much stamps of arrivals may be too late at present, in nanoseconds; 0 where that is not known. The default
    /// detector then suspects nobody sooner than so long after a heartbeat is expected, unless a policy’s `within` bids it.
    public var timestampUncertainty: Int64 = 0
    /// Whether more heartbeats wait than are taken in at a time. Several of one node that are taken in at one instant are then
    /// learned from as one: whoever sends without measure costs the others little.
    public var hasBacklog = false

    let levelCount: Int
    var plans: PolicyInterner
    var thresholds: [Model.Threshold]  // plan · levels + level
    var table: KeyTable
    // One element per slot; a slot that no node uses is in `vacant`.
    var nodes: [WatchedNode] = []
    var models: [Model] = []
    var deadlines: [Int64] = []  // ns; slot · levels + level; .max: none
    var levelStates: [Model.LevelState] = []  // slot · levels + level
    var coldStates: [NodeColdState] = []
    // What groups know together. Nodes whose group is not known yet, and those of groups beyond the limit, share the first.
    var groupStates: [Model.GroupState]
    let freshGroupState: [Model.GroupState]  // what a group begins with; one, kept apart since it is large
    var members: [[Int32]] = [[]]  // slots
    var heardAt: [Int64] = [.min]  // ns; when one of them was heard last
    var groupNames = [""]
    var groups: [String: UInt16] = [:]
    var vacant: [Int] = []
    var wheel = TimingWheel()
    var holds = ActiveHolds()
    var random: SplitMix64
    // When the caller was deaf last.
    var suspendedSince: Int64 = .min  // ns
    var suspendedUntil: Int64 = .min  // ns

    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public init(_ configuration: Configuration) {
        self.configuration = configuration
        plans = PolicyInterner(policies: configuration.policies)
        levelCount = configuration.policies.levels.count
        thresholds = plans.effectivePolicies.joined().map { Model.threshold(for: $0.policy) }
        table = KeyTable(seed: configuration.seed)
        random = SplitMix64(seed: configuration.seed)
        freshGroupState = [Model.makeGroupState(configuration.model)]
        groupStates = freshGroupState
    }

    // MARK: Steps

    // What is large and not written to in place is copied where a function is called on it, and a detector is large. The
    // functions that each heartbeat passes are therefore `mutating`, or are inlined always: a few hundred nanoseconds.

    // Other modules reach a generic method through its unspecialised form, whatever they are optimised for. What every
    // heartbeat passes is therefore specialised here for every model: otherwise it takes five to ten times as long.

    /// Takes in heartbeats that all arrived at one instant, in their order.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    @specialized(where Model == FixedModel)
    @specialized(where Model == LogisticModel)
    @specialized(where Model == ExponentialModel)
    @specialized(where Model == ChenModel)
    @specialized(where Model == BertierModel)
    @specialized(where Model == TwoWindowModel)
    @specialized(where Model == EmpiricalModel)
    @specialized(where Model == SelfTuningModel)
    public mutating func receive(_ batch: Span<Heartbeat>, at now: Instant, into events: inout [Event]) {
        var first = 0
        while first < batch.count {
            let part = batch.extracting(first..<min(batch.count, first + Self.prefetchedAtOnce))
            prefetch(part)
            for index in part.indices { receive(part[index], at: now, into: &events) }
            first += Self.prefetchedAtOnce
        }
    }

    private static var prefetchedAtOnce: Int { 16 }

    /// Has the processor fetch what heartbeats will need, for many nodes lie far apart in memory: several are waited for
    /// together, then.
    @inline(__always) private func prefetch(_ batch: Span<Heartbeat>) {
        for index in batch.indices { table.prefetch(batch[index].key.rawValue) }
        for index in batch.indices {
            guard let slot = table[batch[index].key.rawValue] else { continue }
            let levels = slot * levelCount..<(slot + 1) * levelCount
            nodes.prefetch(slot..<slot + 1)
            models.prefetch(slot..<slot + 1)
            deadlines.prefetch(levels)
            levelStates.prefetch(levels)
            wheel.prefetch(slot)
        }
    }

    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    @specialized(where Model == FixedModel)
    @specialized(where Model == LogisticModel)
    @specialized(where Model == ExponentialModel)
    @specialized(where Model == ChenModel)
    @specialized(where Model == BertierModel)
    @specialized(where Model == TwoWindowModel)
    @specialized(where Model == EmpiricalModel)
    @specialized(where Model == SelfTuningModel)
    @discardableResult
    public mutating func receive(_ heartbeat: Heartbeat, at now: Instant, into events: inout [Event])
        -> HeartbeatOutcome
    {
        let outcome = apply(heartbeat, at: now, into: &events)
        heartbeatCounts.count(outcome)
        return outcome
    }

    /// Acts on every deadline up to and including `now`, in the order of the deadlines.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    @specialized(where Model == FixedModel)
    @specialized(where Model == LogisticModel)
    @specialized(where Model == ExponentialModel)
    @specialized(where Model == ChenModel)
    @specialized(where Model == BertierModel)
    @specialized(where Model == TwoWindowModel)
    @specialized(where Model == EmpiricalModel)
    @specialized(where Model == SelfTuningModel)
    public mutating func advance(to now: Instant, into events: inout [Event]) {
        while true {
            // Holds end before what is due at the same instant, since they decide on it.
            while let slot = wheel.firstDue(at: min(now.nanoseconds, holds.nextCheck.subtractingSaturated(1))) {
                let due = wheel.instant(of: slot)
                if nextInstant(of: slot) > due {
                    rearm(slot)  // deafness moved its deadlines
                } else {
                    wheel.cancel(slot)
                    handleDeadline(Instant(nanoseconds: due), slot, actingAt: now, into: &events)
                }
            }
            let check = holds.nextCheck
            guard check <= now.nanoseconds, check != .max else { return }
            checkHolds(at: check, into: &events)
        }
    }

    /// Until when nothing happens unless a heartbeat comes; nil: for ever. It is never later than the first change, and may be
    /// earlier: by a slot of the wheel, or as early as a deadline that a heartbeat moved on. `advance` to it is then a step
    /// without events.
    public var nextDeadline: Instant? {
        mutating get {
            let next = min(wheel.nextInstant() ?? .max, holds.nextCheck)
            return next == .max ? nil : Instant(nanoseconds: next)
        }
    }

    /// The caller heard nothing from `start` on, since it was stopped or starved; what waited for it meanwhile will have been
    /// taken in at `end`. That time is held against nobody: open deadlines move on by as much, and gaps that reach into it
    /// are not learned from, unless they are ten times as long.
    ///
    /// - Complexity: Linear in the number of nodes, at about a nanosecond each: whoever is overloaded is deaf often, and must
    ///   not become more so by it.
    public mutating func ignoreSilence(from start: Instant, to end: Instant) {
        let time = max(0, end.nanoseconds.subtractingSaturated(start.nanoseconds))
        suspendLearning(from: start.nanoseconds, to: end.nanoseconds)
        holds.lengthen(by: time)
        // Only the deadlines. What is filed by them comes too early then, and is filed anew. Suspected levels have some too: by
        // when the next heartbeat must come that is to count for their recovery.
        for number in deadlines.indices where deadlines[number] >= start.nanoseconds {
            deadlines[number] = deadlines[number].addingSaturated(time)  // .max stays what it is
        }
    }

    mutating func suspendLearning(from start: Int64, to end: Int64) {
        // Else it had not recovered from the last time, and both are one.
        if start > suspendedUntil { suspendedSince = start }
        suspendedUntil = max(suspendedUntil, end)
    }
}
