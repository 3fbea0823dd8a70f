/// Watches many nodes: learns from their heartbeats, suspects silent nodes, and trusts them again when they are heard.
///
/// The detector owns no clock, socket, or timer. The caller passes the time and, after every step, waits for
/// `nextDeadline` or the next heartbeat, whichever comes first. Equal inputs always give equal events.
///
/// An arrival at or before its node's deadline is in time: at equal instants, call `receive` before `advance`. A caller
/// that was late itself must receive everything that is pending before it advances. Otherwise its own pause looks like
/// the silence of every node.
public struct Detector<Model: ArrivalModel>: Sendable {
    public struct Configuration: Sendable {
        /// Between one and eight levels, from the least certain to the most certain, and the overrides for groups and
        /// nodes.
        public var policies: PolicyTable
        public var model: Model.Parameters
        /// Silence after which a node is forgotten, in nanoseconds; nil keeps nodes for ever.
        public var retention: Int64?
        /// Maximum number of nodes. Further nodes are refused; the known ones are not affected.
        public var capacity: Int
        /// Seeds the hash of node keys and the sampling of nodes for mass silence. A service passes a random seed: a
        /// sender that chooses keys and knows the seed could make every look-up slow.
        public var seed: UInt64
        /// When a suspected node is trusted again.
        public var recovery = RecoveryRule()
        /// When mass silence holds suspicions; nil disables holds.
        public var hold: HoldRule?

        public init(
            levels: [Level], model: Model.Parameters, retention: Int64? = nil, capacity: Int = 1_000_000,
            seed: UInt64 = 0
        ) {
            precondition((1...Int(Int32.max)).contains(capacity))
            precondition(retention.map { $0 > 0 } ?? true, "the retention is above 0")
            policies = PolicyTable(levels: levels)
            self.model = model
            self.retention = retention
            self.capacity = capacity
            self.seed = seed
        }
    }

    public internal(set) var configuration: Configuration
    public var levels: [Level] { plans.policies.levels }
    /// The policies in force.
    public var policies: PolicyTable { plans.policies }
    public var nodeCount: Int { nodes.count }
    public internal(set) var heartbeatCounts = HeartbeatCounts()
    /// Number of deadlines and hold checks handled, with or without an event.
    public internal(set) var stepCount: UInt64 = 0
    /// Upper bound on how late the timestamps of arrivals are at present, in nanoseconds; 0 if unknown. `AdaptiveModel`
    /// sets no deadline closer than this to the expected arrival, unless a policy's `within` requires it.
    public var timestampUncertainty: Int64 = 0
    /// Whether more heartbeats are pending than one turn drains. While this is true, several heartbeats of a trusted
    /// node that are received at one instant are learned as one, so that a sender with an excessive rate costs the
    /// other nodes little.
    public var hasBacklog = false

    let levelCount: Int
    var plans: PolicyInterner
    var thresholds: LevelTable<Model.Threshold>  // a row per plan
    var nodes: NodeTable<Model>
    var schedule: DeadlineSchedule
    var holds = ActiveHolds()
    var random: SplitMix64
    // The latest period in which the caller received nothing.
    var suspendedSince: Int64 = .min  // ns
    var suspendedUntil: Int64 = .min  // ns

    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public init(_ configuration: Configuration) {
        self.configuration = configuration
        plans = PolicyInterner(policies: configuration.policies)
        levelCount = configuration.policies.levels.count
        schedule = DeadlineSchedule(levels: levelCount)
        thresholds = LevelTable(levels: levelCount)
        nodes = NodeTable(
            levels: levelCount, capacity: configuration.capacity, seed: configuration.seed,
            parameters: configuration.model)
        random = SplitMix64(seed: configuration.seed)
        addThresholds()
    }

    // MARK: Steps

    // A large value that is not written in place is copied when a function is called on it, and a detector is large.
    // The functions that run for each heartbeat are therefore `mutating` or always inlined: this saves a few hundred
    // nanoseconds.

    // Other modules call a generic method in its unspecialised form, whatever their optimisation level. Everything that
    // runs for each heartbeat is therefore specialised here for every model: otherwise it takes five to ten times as
    // long.

    /// Applies heartbeats that all arrived at one instant, in order.
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

    /// Prefetches what the heartbeats will need. Nodes lie far apart in memory, so this overlaps their cache misses.
    @inline(__always) private func prefetch(_ batch: Span<Heartbeat>) {
        for index in batch.indices { nodes.prefetch(batch[index].key) }
        for index in batch.indices {
            guard let slot = nodes.slot(of: batch[index].key) else { continue }
            nodes.prefetch(slot)
            nodes.prefetchLevels(slot)
            schedule.prefetch(slot)
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

    /// Handles every deadline up to and including `now`, in the order of the deadlines.
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
            // Check holds before deadlines at the same instant, since the check decides on those deadlines.
            while let slot = schedule.firstDue(at: min(now.nanoseconds, holds.nextCheck.subtractingSaturated(1))) {
                let due = schedule.instant(of: slot)
                if nextInstant(of: slot) > due {
                    rearm(slot)  // a pause of the caller moved its deadlines
                } else {
                    schedule.unschedule(slot)
                    handleDeadline(Instant(nanoseconds: due), slot, actingAt: now, into: &events)
                }
            }
            let check = holds.nextCheck
            guard check <= now.nanoseconds, check != .max else { return }
            checkHolds(at: check, into: &events)
        }
    }

    /// The instant until which nothing happens unless a heartbeat arrives; nil if nothing is scheduled. It is never
    /// later than the first change. It may be earlier, by a slot of the timing wheel or because a heartbeat has
    /// postponed a deadline. `advance` to such an instant emits no events.
    public var nextDeadline: Instant? {
        mutating get {
            let next = min(schedule.nextInstant() ?? .max, holds.nextCheck)
            return next == .max ? nil : Instant(nanoseconds: next)
        }
    }

    /// Excludes a period in which the caller received nothing because it was stopped or starved. The period begins at
    /// `start`; what was pending will have been received by `end`. Open deadlines move on by the length of the period.
    /// Gaps that overlap it are not learned, unless they are at least ten times as long.
    ///
    /// - Complexity: Linear in the number of nodes, at about a nanosecond each: an overloaded caller pauses often, and
    ///   this call must not lengthen its pauses.
    public mutating func ignoreSilence(from start: Instant, to end: Instant) {
        let time = max(0, end.nanoseconds.subtractingSaturated(start.nanoseconds))
        suspendLearning(from: start.nanoseconds, to: end.nanoseconds)
        holds.lengthen(by: time)
        // Only the deadlines move. Their entries in the wheel then fire too early and are scheduled again. Suspected
        // levels have deadlines too: the next heartbeat must arrive by then to count towards recovery.
        schedule.postponeAll(from: start.nanoseconds, by: time)
    }

    mutating func suspendLearning(from start: Int64, to end: Int64) {
        // A pause that begins before the last one has ended extends it.
        if start > suspendedUntil { suspendedSince = start }
        suspendedUntil = max(suspendedUntil, end)
    }
}
