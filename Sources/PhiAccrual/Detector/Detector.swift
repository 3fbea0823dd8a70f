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
        /// From the least certain to the most. At most eight.
        public var levels: [Level]
        public var model: Model.Parameters
        /// After which silence a node is forgotten, in nanoseconds; nil keeps it for ever.
        public var retention: Int64?
        /// How many nodes are kept at most. One more is refused, and those known are not disturbed.
        public var capacity: Int
        /// Where the look-up puts keys depends on it. A service takes a random one: who can choose keys, and knew this,
        /// could make every look-up slow.
        public var seed: UInt64

        public init(
            levels: [Level], model: Model.Parameters, retention: Int64? = nil, capacity: Int = 1_000_000,
            seed: UInt64 = 0
        ) {
            precondition((1...8).contains(levels.count), "between one and eight levels")
            precondition(Set(levels.map(\.name)).count == levels.count, "each level has a name of its own")
            precondition((1...Int(Int32.max)).contains(capacity))
            precondition(retention.map { $0 > 0 } ?? true, "a node is kept for some time")
            self.levels = levels
            self.model = model
            self.retention = retention
            self.capacity = capacity
            self.seed = seed
        }
    }

    public let configuration: Configuration
    public var levels: [Level] { configuration.levels }
    public var nodeCount: Int { table.count }
    public private(set) var receptions = ReceptionCounts()
    /// By how much stamps of arrivals may be too late at present, in nanoseconds; 0 where that is not known. The default
    /// detector then suspects nobody sooner than so long after a heartbeat is expected, unless a policy’s `within` bids it.
    public var stampError: Int64 = 0

    let thresholds: [Model.Threshold]  // one per level
    private(set) var table: KeyTable
    // One element per slot; a slot that no node uses is in `vacant`.
    private(set) var nodes: [WatchedNode] = []
    private(set) var models: [Model] = []
    private(set) var deadlines: [Int64] = []  // ns; slot · levels + level; .max: none
    private(set) var pursuits: [Model.Pursuit] = []  // slot · levels + level
    private(set) var details: [NodeDetails] = []
    // What groups know together. Nodes whose group is not known yet, and those of groups beyond the limit, share the first.
    private var commons: [Model.Commons]
    private var groups: [String: UInt16] = [:]
    private var vacant: [Int] = []
    private var wheel = TimingWheel()
    // When the caller was deaf last.
    private var deafSince: Int64 = .min  // ns
    private var deafUntil: Int64 = .min  // ns
    private var touched: UInt8 = 0  // keeps what `touch` does from being optimised away

    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    public init(_ configuration: Configuration) {
        self.configuration = configuration
        thresholds = configuration.levels.map { Model.threshold(for: $0.policy) }
        table = KeyTable(seed: configuration.seed)
        commons = [Model.commons(configuration.model)]
    }

    // MARK: Steps

    // Other modules reach a generic method through its unspecialised form, whatever they are optimised for. What every
    // heartbeat passes is therefore specialised here for every model: otherwise it takes five to ten times as long.

    /// Says what a node is called. A node not heard yet is then expected.
    ///
    /// - Returns: False if there is no room for one more node.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    @discardableResult
    public mutating func introduce(
        _ identity: NodeIdentity, key: NodeKey, at now: Instant, into events: inout [Event]
    ) -> Bool {
        guard let slot = table[key.rawValue] ?? addNode(key) else { return false }
        guard let known = details[slot].identity else {
            details[slot].identity = identity
            nodes[slot].group = group(named: identity.group)
            announce(slot, at: now, from: Standing(), into: &events)
            return true
        }
        if known != identity { tell(.nameCollision, slot, at: now, into: &events) }
        return true
    }

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
            let part = batch.extracting(first..<min(batch.count, first + Self.touchedAtOnce))
            touched = touch(part)
            for index in part.indices { receive(part[index], at: now, into: &events) }
            first += Self.touchedAtOnce
        }
    }

    private static var touchedAtOnce: Int { 8 }

    /// Reads what heartbeats will need, for many nodes lie far apart in memory: several are waited for together, then.
    /// - Returns: Something that depends on all that was read.
    private func touch(_ batch: Span<Heartbeat>) -> UInt8 {
        var seen: UInt8 = 0
        for index in batch.indices {
            guard let slot = table[batch[index].key.rawValue] else { continue }
            let levels = slot * thresholds.count..<(slot + 1) * thresholds.count
            seen |= nodes.touch(slot..<slot + 1) | models.touch(slot..<slot + 1)
            seen |= deadlines.touch(levels) | pursuits.touch(levels) | wheel.touch(slot)
        }
        return seen
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
    public mutating func receive(_ heartbeat: Heartbeat, at now: Instant, into events: inout [Event]) -> Reception {
        let reception = take(heartbeat, at: now, into: &events)
        receptions.count(reception)
        return reception
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
        while let slot = wheel.firstDue(at: now.nanoseconds) {
            let due = nodes[slot].deadline
            if due > wheel.instant(of: slot) {
                wheel.schedule(slot, at: due)  // heartbeats came since it was filed, and others may be due before
            } else {
                wheel.cancel(slot)
                reach(Instant(nanoseconds: due), slot, actingAt: now, into: &events)
            }
        }
    }

    /// Until when nothing happens unless a heartbeat comes; nil: for ever. It may lie up to a wheel's slot before the
    /// first change, never after it, and `advance` to it is then a step without events.
    public var nextDeadline: Instant? {
        mutating get { wheel.nextInstant().map(Instant.init(nanoseconds:)) }
    }

    /// The caller heard nothing from `start` on, since it was stopped or starved; what waited for it meanwhile will have been
    /// taken in at `end`. That time is held against nobody: open deadlines move on by as much, and gaps that reach into it
    /// are not learned from, unless they are ten times as long.
    ///
    /// - Complexity: Linear in the number of nodes.
    public mutating func wasDeaf(from start: Instant, to end: Instant) {
        let time = max(0, end.nanoseconds.subtractingSaturated(start.nanoseconds))
        // Else it had not recovered from the last time, and both are one.
        if start.nanoseconds > deafUntil { deafSince = start.nanoseconds }
        deafUntil = max(deafUntil, end.nanoseconds)
        for slot in nodes.indices where nodes[slot].lastArrival < start.nanoseconds {
            guard nodes[slot].standing.isWatched, table[nodes[slot].key] == slot else { continue }
            for level in thresholds.indices where suspicionInstant(slot, level) >= start.nanoseconds {
                let number = slot * thresholds.count + level
                if deadlines[number] != .max { deadlines[number] = deadlines[number].addingSaturated(time) }
            }
            rearm(slot)
        }
    }

    // MARK: Heartbeats

    private mutating func take(_ heartbeat: Heartbeat, at now: Instant, into events: inout [Event]) -> Reception {
        let slot: Int
        if let known = table[heartbeat.key.rawValue] {
            slot = known
        } else {
            if heartbeat.isLeaving { return .unknownGoodbye }
            guard let added = addNode(heartbeat.key) else { return .tooManyNodes }
            slot = added
        }
        let interval = models[slot].expectedWait ?? heartbeat.announcedInterval
        let order = nodes[slot].order(heartbeat, expectedInterval: interval)
        guard order != .fresh else {
            if nodes[slot].hasClaimant { details[slot].claimant?.acceptedSpoke() }
            accept(heartbeat, slot, at: now, into: &events)
            return .fresh
        }
        details[slot].discarded += 1
        return hearClaim(heartbeat, order, slot, interval, at: now, into: &events) ? .fresh : order
    }

    /// A heartbeat that would be discarded. Says whether its sender was believed in the end.
    private mutating func hearClaim(
        _ heartbeat: Heartbeat, _ order: Reception, _ slot: Int, _ interval: Int64, at now: Instant,
        into events: inout [Event]
    ) -> Bool {
        guard order != .repeated else { return false }
        var claimant = details[slot].claimant ?? Claimant(heartbeat)
        if details[slot].claimant != nil {
            claimant.hear(heartbeat, plausibleJump: WatchedNode.plausibleJump(expectedInterval: interval))
        }
        details[slot].claimant = claimant
        nodes[slot].hasClaimant = true
        if claimant.turns >= WatchedNode.confirmations { tell(.duplicateNode, slot, at: now, into: &events) }
        guard claimant.inOrder >= WatchedNode.confirmations,
            order == .implausibleJump || nodes[slot].standing.mayBeTakenOver
        else { return false }
        accept(heartbeat, slot, at: now, isTakeover: true, into: &events)
        details[slot].told.remove(.takeover)  // the next one is news
        tell(.takeover, slot, at: now, into: &events)
        return true
    }

    private mutating func accept(
        _ heartbeat: Heartbeat, _ slot: Int, at now: Instant, isTakeover: Bool = false, into events: inout [Event]
    ) {
        var node = nodes[slot]
        let before = node.standing
        let silence = before.phase == .new ? 0 : max(0, now.nanoseconds.subtractingSaturated(node.lastArrival))
        // What the silence looked like before its end was learned from. Most heartbeats change nothing and tell nothing.
        var evidence = before.isTrusted && !heartbeat.isLeaving ? nil : evidence(slot, silence: silence, ownLate: 0)

        let isOtherSender = before.phase == .new || isTakeover || heartbeat.incarnation != node.incarnation
        if isOtherSender || before.phase == .left {  // what lies between a goodbye and a return is no gap
            models[slot].begin(announcedInterval: heartbeat.announcedInterval)
            pursue(slot, after: nil)
            node.missing = 0
            node.senderLate = nil
            details[slot].claimant = nil
            node.hasClaimant = false
            details[slot].told.remove(.duplicateNode)
        } else {
            let step = node.sequence.distance(toNewer: heartbeat.sequence)
            node.missing += step - 1
            node.senderLate = senderLateness(heartbeat, after: node, step: step, expected: models[slot].expectedWait)
            if node.lastArrival < deafUntil, deafUntil.subtractingSaturated(deafSince) > silence / 10 {
                models[slot].begin(announcedInterval: heartbeat.announcedInterval)
                pursue(slot, after: nil)
            } else {
                let arrival = Arrival(gap: silence, step: step)
                models[slot].observe(arrival, in: &commons[Int(node.group)])
                pursue(slot, after: arrival)
            }
            tellShortfalls(slot, &node, at: now, into: &events)
        }
        node.lastArrival = now.nanoseconds
        node.lastSent = heartbeat.sent
        node.incarnation = heartbeat.incarnation
        node.sequence = heartbeat.sequence
        if heartbeat.isLeaving {
            node.standing.leave()
        } else {
            if node.heard < WatchedNode.confirmations { node.heard += 1 }
            node.standing.phase = node.heard < WatchedNode.confirmations ? .learning : .trusted
        }
        for level in thresholds.indices {
            let wait = heartbeat.isLeaving ? nil : wait(slot, level)
            deadlines[slot * thresholds.count + level] = wait.map(now.nanoseconds.addingSaturated) ?? .max
            // An arrival whose own new deadline has passed already leaves suspicion as it was.
            if wait.map({ $0 >= 0 }) ?? true { node.standing.clearSuspicion(atLevel: level) }
        }
        nodes[slot] = node
        rearm(slot)
        evidence?.missing = node.missing
        evidence?.senderLate = node.senderLate
        evidence?.samples = models[slot].samples
        if let evidence { announce(slot, at: now, from: before, evidence: evidence, into: &events) }
    }

    private mutating func pursue(_ slot: Int, after arrival: Arrival?) {
        // Out of `self` and back, so that the span does not bar the model from changing; nothing is copied.
        var all: [Model.Pursuit] = []
        swap(&all, &pursuits)
        let first = slot * thresholds.count
        var span = all.mutableSpan
        var own = span._mutatingExtracting(first..<first + thresholds.count)
        models[slot].pursue(
            thresholds, &own, after: arrival, stampError: stampError, in: &commons[Int(nodes[slot].group)])
        swap(&all, &pursuits)
    }

    func wait(_ slot: Int, _ level: Int) -> Int64? {
        models[slot].wait(until: thresholds[level], in: pursuits[slot * thresholds.count + level])
    }

    /// By the sender's own clock: how much longer than its steps should take it needed for them.
    private func senderLateness(_ heartbeat: Heartbeat, after node: WatchedNode, step: Int64, expected: Int64?)
        -> Int64?
    {
        guard let sent = heartbeat.sent, let lastSent = node.lastSent, let expected else { return nil }
        let (due, overflow) = expected.multipliedReportingOverflow(by: step)
        return overflow ? nil : sent.subtractingSaturated(lastSent).subtractingSaturated(due)
    }

    // MARK: Deadlines

    /// The instant at which something happens to a node if it stays silent has come.
    private mutating func reach(_ due: Instant, _ slot: Int, actingAt now: Instant, into events: inout [Event]) {
        if let retention = configuration.retention,
            due.nanoseconds >= nodes[slot].lastArrival.addingSaturated(retention)
        {
            forget(slot, at: due, actingAt: now, into: &events)
            return
        }
        let before = nodes[slot].standing
        for level in thresholds.indices where suspicionInstant(slot, level) <= due.nanoseconds {
            nodes[slot].standing.suspect(atLevel: level)
        }
        rearm(slot)
        let silence = due.nanoseconds.subtractingSaturated(nodes[slot].lastArrival)
        let ownLate = now.nanoseconds.subtractingSaturated(due.nanoseconds)
        announce(
            slot, at: due, from: before, evidence: evidence(slot, silence: silence, ownLate: ownLate), into: &events)
    }

    /// When a level not suspecting yet will: at its deadline, but not before the arrival that set it.
    private func suspicionInstant(_ slot: Int, _ level: Int) -> Int64 {
        guard !nodes[slot].standing.isSuspected(atLevel: level) else { return .max }
        let deadline = deadlines[slot * thresholds.count + level]
        return deadline == .max ? .max : max(deadline, nodes[slot].lastArrival)
    }

    /// Puts the node's next instant where the wheel finds it. A later instant than the wheel's is left for the wheel to
    /// find out: most deadlines are overtaken by a heartbeat, and then cost nothing.
    private mutating func rearm(_ slot: Int) {
        var next = thresholds.indices.reduce(Int64.max) { min($0, suspicionInstant(slot, $1)) }
        if let retention = configuration.retention {
            next = min(next, nodes[slot].lastArrival.addingSaturated(retention))
        }
        nodes[slot].deadline = next
        if next < wheel.instant(of: slot) { wheel.schedule(slot, at: next) }
    }

    // MARK: Nodes

    /// Groups that learn together; names come from the network, and each costs some kilobytes.
    private static var groupLimit: Int { 1024 }

    private mutating func group(named name: String) -> UInt16 {
        if let known = groups[name] { return known }
        guard commons.count < Self.groupLimit else { return 0 }
        let number = UInt16(commons.count)
        commons.append(Model.commons(configuration.model))
        groups[name] = number
        return number
    }

    private mutating func addNode(_ key: NodeKey) -> Int? {
        guard nodeCount < configuration.capacity else { return nil }
        let slot = vacant.popLast() ?? nodes.count
        if slot == nodes.count {
            nodes.append(WatchedNode(key: key))
            models.append(Model(configuration.model))
            details.append(NodeDetails())
            for threshold in thresholds {
                deadlines.append(.max)
                pursuits.append(Model.pursuit(of: threshold))
            }
        } else {
            nodes[slot] = WatchedNode(key: key)
            models[slot] = Model(configuration.model)
            details[slot] = NodeDetails()
            for level in thresholds.indices {
                deadlines[slot * thresholds.count + level] = .max
                pursuits[slot * thresholds.count + level] = Model.pursuit(of: thresholds[level])
            }
        }
        table.insert(key.rawValue, slot: slot)
        return slot
    }

    private mutating func forget(_ slot: Int, at due: Instant, actingAt now: Instant, into events: inout [Event]) {
        let silence = due.nanoseconds.subtractingSaturated(nodes[slot].lastArrival)
        let ownLate = now.nanoseconds.subtractingSaturated(due.nanoseconds)
        let evidence = evidence(slot, silence: silence, ownLate: ownLate)
        for level in thresholds.indices {
            transition(
                slot, level, from: nodes[slot].standing.verdict(atLevel: level), to: .forgotten, due, evidence, &events)
        }
        table.remove(nodes[slot].key)
        wheel.cancel(slot)
        details[slot] = NodeDetails()
        models[slot] = Model(configuration.model)
        vacant.append(slot)
    }

    // MARK: Telling

    private func evidence(_ slot: Int, silence: Int64, ownLate: Int64) -> Evidence {
        Evidence(
            phi: models[slot].phi(after: silence), silence: silence, expected: models[slot].expectedWait, wait: nil,
            missing: nodes[slot].missing, senderLate: nodes[slot].senderLate, ownLate: ownLate,
            samples: models[slot].samples)
    }

    /// Tells every level's change since `before`.
    private mutating func announce(
        _ slot: Int, at now: Instant, from before: Standing, evidence given: Evidence? = nil,
        into events: inout [Event]
    ) {
        let after = nodes[slot].standing
        guard after != before else { return }
        let silence = max(0, now.nanoseconds.subtractingSaturated(nodes[slot].lastArrival))
        let evidence = given ?? self.evidence(slot, silence: silence, ownLate: 0)
        for level in thresholds.indices {
            let (from, to) = (before.verdict(atLevel: level), after.verdict(atLevel: level))
            if from != to { transition(slot, level, from: from, to: to, now, evidence, &events) }
        }
    }

    private mutating func transition(
        _ slot: Int, _ level: Int, from: Verdict, to: Verdict, _ now: Instant, _ evidence: Evidence,
        _ events: inout [Event]
    ) {
        guard let identity = details[slot].identity else {
            tell(.unnamed, slot, at: now, into: &events)
            return
        }
        var evidence = evidence
        evidence.wait = wait(slot, level)
        events.append(
            .transition(
                Transition(
                    node: identity, incarnation: nodes[slot].incarnation, level: level, from: from, to: to, at: now,
                    evidence: evidence)))
    }

    /// Tells which budgets can be kept no longer, and which can again.
    private func tellShortfalls(_ slot: Int, _ node: inout WatchedNode, at now: Instant, into events: inout [Event]) {
        for level in thresholds.indices {
            let pursuit = pursuits[slot * thresholds.count + level]
            let shortfall = models[slot].shortfall(of: thresholds[level], in: pursuit)
            let bit: UInt8 = 1 << UInt8(level)
            guard (shortfall != nil) != (node.strained & bit != 0) else { continue }
            node.strained ^= bit
            events.append(
                .notice(
                    Notice(
                        code: shortfall == nil ? .feasible : .infeasible, key: NodeKey(rawValue: node.key),
                        node: details[slot].identity, incarnation: node.incarnation, at: now, level: level,
                        shortfall: shortfall)))
        }
    }

    /// Tells a notice unless it was told before.
    private mutating func tell(_ code: Notice.Code, _ slot: Int, at now: Instant, into events: inout [Event]) {
        guard details[slot].told.insert(code).inserted else { return }
        events.append(
            .notice(
                Notice(
                    code: code, key: NodeKey(rawValue: nodes[slot].key), node: details[slot].identity,
                    incarnation: nodes[slot].incarnation, at: now)))
    }
}
