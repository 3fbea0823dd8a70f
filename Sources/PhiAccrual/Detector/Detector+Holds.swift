// Mass silence: sampling of nodes, and holds on suspicions.

extension Detector {
    /// Samples other nodes before a node is suspected. Begins a hold if there is mass silence, or an undecided hold if
    /// the sample cannot show it yet.
    mutating func checkMassSilence(of slot: Int, at due: Int64, into events: inout [Event]) {
        guard let rule = configuration.hold, nodes[slot].state.isWatched, !nodes[slot].state.isSuspectedAnywhere,
            holds.hasNoHolds || !(holds.isActive(for: nodes[slot]) || holds.isExhausted(nodes[slot]))
        else { return }
        switch classify(slot, at: due, under: rule) {
        case .single: return
        case .massSilence(let scope, let found): begin(scope, found, slot, at: due, under: rule, into: &events)
        case .undecided(let scope):
            // When the candidate's next heartbeat would arrive, every node with the same interval is either overdue or
            // heard.
            let time = min(nodes.models[slot].expectedGap ?? 0, rule.maxDuration)
            guard time > 0, !nodes[slot].flags.contains(.undecided) else { return }
            let until = due.addingSaturated(time)
            holds.begin(
                ActiveHolds.Hold(
                    scope: scope, began: due, silentSince: nodes[slot].lastArrival, until: until,
                    nextCheck: min(due.addingSaturated(ActiveHolds.undecidedCheckInterval), until), heard: 0,
                    sampledNodes: [],
                    candidate: ActiveHolds.SampledNode(slot: Int32(slot), key: nodes[slot].key)))
        }
    }

    /// Samples other nodes to classify the silence of one node.
    private mutating func classify(_ slot: Int, at due: Int64, under rule: HoldRule) -> SilenceVerdict {
        let expectedAt = nodes[slot].lastArrival.addingSaturated(nodes.models[slot].expectedGap ?? 0)
        // After a period in which the detector received nothing, every node is overdue.
        let lastHeard = nodes[slot].lastArrival < suspendedUntil ? .min : nodes[slot].lastArrival
        let isAnyHeard = nodes.groups.isAnyHeard(since: expectedAt)
        // Nodes whose name is unknown, and nodes of groups beyond the limit, belong to no group.
        guard nodes[slot].group != 0 else {
            let all = sample(nil, since: lastHeard, expectedAt, at: due)
            return SilenceVerdict(all: all, isAnyHeard: isAnyHeard, under: rule)
        }
        let group = nodes[slot].group
        let own = sample(group, since: lastHeard, expectedAt, at: due)
        // If there are no other nodes, the search for them would take longer than everything else.
        let others =
            nodes.groups.memberCount(of: group) < nodeCount
            ? sample(nil, except: group, since: lastHeard, expectedAt, at: due) : SilenceSample()
        return SilenceVerdict(
            own: own, of: group, others: others, isGroupHeard: nodes.groups.isHeard(group, since: expectedAt),
            isAnyHeard: isAnyHeard, under: rule)
    }

    private mutating func begin(
        _ scope: ActiveHolds.Scope, _ found: SilenceSample, _ slot: Int, at now: Int64, under rule: HoldRule,
        into events: inout [Event]
    ) {
        let until = now.addingSaturated(rule.maxDuration)
        let hold = ActiveHolds.Hold(
            scope: scope, began: now, silentSince: max(found.silentSince, nodes[slot].lastArrival), until: until,
            nextCheck: min(now.addingSaturated(ActiveHolds.checkInterval), until), heard: found.heard,
            sampledNodes: found.overdue)
        holds.begin(hold)
        emit(.begins, of: hold, at: now, into: &events)
    }

    /// Samples again for an undecided hold.
    private mutating func decide(
        _ undecidedHold: ActiveHolds.Hold, about candidate: ActiveHolds.SampledNode, at now: Int64,
        into events: inout [Event]
    ) {
        holds.release(undecidedHold)
        let slot = Int(candidate.slot)
        if let rule = configuration.hold, isPresent(candidate), nodes[slot].state.isWatched,
            nodes[slot].lastArrival < undecidedHold.began, !holds.isActive(for: nodes[slot])
        {
            switch classify(slot, at: now, under: rule) {
            case .massSilence(let scope, let found):
                begin(scope, found, slot, at: now, under: rule, into: &events)
                return
            case .undecided where now < undecidedHold.until:
                var undecidedHold = undecidedHold
                undecidedHold.nextCheck = min(
                    now.addingSaturated(ActiveHolds.undecidedCheckInterval), undecidedHold.until)
                holds.begin(undecidedHold)
                return
            default: break
            }
        }
        // Deadlines that passed in the meantime take effect now, not at their own instants: no event lies in the past.
        forEachMember(of: undecidedHold.scope) { detector, slot in
            guard detector.nodes[slot].state.isWatched else { return }
            for level in 0..<detector.levelCount {
                guard !detector.nodes[slot].state.isSuspected(atLevel: level), detector.schedule[slot, level] <= now
                else { continue }
                detector.schedule.set(slot, level, to: now)
                detector.nodes[slot].flags.insert(.undecided)
            }
            detector.rearm(slot)
        }
    }

    /// Checks every hold whose check is due.
    mutating func checkHolds(at now: Int64, into events: inout [Event]) {
        stepCount &+= 1
        while var hold = holds.dequeueDue(at: now) {
            if let candidate = hold.candidate {
                decide(hold, about: candidate, at: now, into: &events)
                continue
            }
            let recoveredCount = hold.sampledNodes.count { isHeardSince(hold.began, $0) }
            if 2 * recoveredCount >= hold.sampledNodes.count {
                holds.release(hold)
                emit(.released, of: hold, at: now, into: &events)
                exempt(hold, at: now)
            } else if now >= hold.until {
                holds.expire(hold)
                emit(.expired, of: hold, at: now, into: &events)
                forEachMember(of: hold.scope) { $0.rearm($1) }
            } else {
                addSampledNodes(to: &hold, at: now)
                hold.nextCheck = min(now.addingSaturated(ActiveHolds.checkInterval), hold.until)
                holds.reschedule(hold)
            }
        }
    }

    private func isHeardSince(_ instant: Int64, _ sampled: ActiveHolds.SampledNode) -> Bool {
        isPresent(sampled) && nodes[Int(sampled.slot)].lastArrival >= instant
    }

    /// Whether the node is still watched: a forgotten node is no evidence.
    private func isPresent(_ sampled: ActiveHolds.SampledNode) -> Bool {
        let slot = Int(sampled.slot)
        return nodes.slots.contains(slot) && nodes[slot].key == sampled.key && nodes.isInUse(slot)
    }

    /// Adds nodes that have become overdue since, and were not heard.
    private mutating func addSampledNodes(to hold: inout ActiveHolds.Hold, at now: Int64) {
        let room = HoldRule.sampleSize - hold.sampledNodes.count
        guard room > 0 else { return }
        let known = Set(hold.sampledNodes)
        let found = sample(hold.scope, since: .min, hold.began, at: now)
        let more = found.overdue.filter { !known.contains($0) && !isHeardSince(hold.began, $0) }
        hold.sampledNodes += more.prefix(room)
    }

    /// Excludes the time of a released hold: silences continue from where they were at its beginning. TCP waits twice
    /// as long before each further attempt, so nodes may need the same time again to be heard.
    private mutating func exempt(_ hold: ActiveHolds.Hold, at now: Int64) {
        let time = now.subtractingSaturated(hold.silentSince)
        let grace = time.addingSaturated(min(time, configuration.hold?.maxDuration ?? 0))
        // Heartbeats that were delayed on their way arrive all at once.
        suspendLearning(from: hold.silentSince, to: now.addingSaturated(ActiveHolds.checkInterval))
        forEachMember(of: hold.scope) { detector, slot in
            if detector.nodes[slot].lastArrival < hold.began {
                detector.nodes[slot].flags.insert(.exempt)
                detector.postpone(slot, after: hold.silentSince, by: grace)
            } else {
                detector.restartTimeout(slot, at: now)
            }
        }
    }

    /// Restarts the timeout of a node that was heard during a hold, since its heartbeats may still take unusual paths.
    private mutating func restartTimeout(_ slot: Int, at now: Int64) {
        for level in 0..<levelCount where !nodes[slot].state.isSuspected(atLevel: level) {
            let deadline = schedule[slot, level]
            guard deadline != DeadlineSchedule.none, let timeout = timeout(slot, level) else { continue }
            schedule.set(slot, level, to: max(deadline, now.addingSaturated(timeout)))
        }
        rearm(slot)
    }

    // MARK: Sampling

    /// Samples nodes of a scope in random order, until enough of them are overdue or heard.
    /// - Parameters:
    ///   - lastHeard: When the candidate was last heard. A node that was overdue by then fell silent for a reason of
    ///     its own and is no evidence of what happened since, unless its silence is exempt. `.min`: every node counts.
    ///   - expectedAt: When the candidate's heartbeat was expected. A node that arrived then or later counts as heard.
    private mutating func sample(
        _ scope: ActiveHolds.Scope, except group: ActiveHolds.Scope = nil, since lastHeard: Int64, _ expectedAt: Int64,
        at now: Int64
    ) -> SilenceSample {
        var found = SilenceSample()
        let size = scope.map { nodes.groups.memberCount(of: $0) } ?? nodes.slots.count
        var indices = ShuffledIndices(past: size, using: &random)
        var slots = InlineArray<16, Int>(repeating: 0)
        // Bounded: of nodes that send every ten seconds, few are evidence for the last second.
        var left = HoldRule.maxSampled
        while left > 0, !found.isComplete {
            // Nodes lie far apart in memory: prefetching several overlaps their cache misses.
            var count = 0
            while count < slots.count, let index = indices.next() {
                let slot = scope.map { nodes.groups.member(index, of: $0) } ?? index
                nodes.prefetch(slot)
                slots[count] = slot
                count += 1
            }
            for index in 0..<count where !found.isComplete {
                guard group == nil || nodes[slots[index]].group != group else { continue }
                sample(slots[index], since: lastHeard, expectedAt, at: now, into: &found)
            }
            left = count < slots.count ? 0 : left - count
        }
        return found
    }

    @inline(__always) private func sample(
        _ slot: Int, since lastHeard: Int64, _ expectedAt: Int64, at now: Int64, into found: inout SilenceSample
    ) {
        let node = nodes[slot]
        guard node.state.isWatched, !node.flags.contains(.paused), holds.hasNoHolds || !holds.isExhausted(node),
            !node.state.isSuspectedAnywhere || isNewlySilent(node, at: now)
        else { return }
        if isOverdue(slot, at: now) {
            guard node.flags.contains(.exempt) || !isOverdue(slot, at: lastHeard) else { return }
            found.overdue.append(.init(slot: Int32(slot), key: node.key))
            found.silentSince = max(found.silentSince, node.lastArrival)
        } else if node.lastArrival >= expectedAt {
            found.heard += 1
        } else {
            found.waiting += 1
        }
    }

    /// Whether a suspected node may be among the first of a mass silence: it has been silent for less than a hold may
    /// last.
    @inline(__always) private func isNewlySilent(_ node: WatchedNode, at now: Int64) -> Bool {
        now.subtractingSaturated(node.lastArrival) < configuration.hold?.maxDuration ?? 0
    }

    /// Whether its silence is longer than the expected gap and than two in three of its gaps. Without φ, the expected
    /// gap decides.
    @inline(__always) private func isOverdue(_ slot: Int, at now: Int64) -> Bool {
        let silence = max(0, now.subtractingSaturated(nodes[slot].lastArrival))
        guard let expected = nodes.models[slot].expectedGap, silence > expected else { return false }
        return nodes.models[slot].phi(after: silence).map { $0 >= 0.5 } ?? true
    }

    private mutating func forEachMember(of scope: ActiveHolds.Scope, _ body: (inout Self, Int) -> Void) {
        if let scope {
            for slot in nodes.groups.members(of: scope) { body(&self, Int(slot)) }
        } else {
            for slot in nodes.slots where nodes.isInUse(slot) { body(&self, slot) }
        }
    }

    private func emit(_ phase: HoldChange.Phase, of hold: ActiveHolds.Hold, at now: Int64, into events: inout [Event]) {
        events.append(
            .hold(
                HoldChange(
                    phase: phase, group: hold.scope.map { nodes.groups.names[Int($0)] }, at: Instant(nanoseconds: now),
                    began: Instant(nanoseconds: hold.began), silentSince: Instant(nanoseconds: hold.silentSince),
                    overdue: hold.sampledNodes.count,
                    heard: phase == .begins ? hold.heard : hold.sampledNodes.count { isHeardSince(hold.began, $0) },
                    nodes: hold.scope.map { nodes.groups.memberCount(of: $0) } ?? nodeCount)))
    }
}

/// Visits each index once, in an order that senders cannot predict.
private struct ShuffledIndices: Sequence, IteratorProtocol {
    private var place: Int
    private var left: Int
    private let step: Int
    private let count: Int

    init(past count: Int, using random: inout SplitMix64) {
        (self.count, left) = (count, count)
        place = count > 0 ? Int.random(in: 0..<count, using: &random) : 0
        // A step that has no common divisor with the count reaches every index.
        var step = 1
        if count > 2 {
            repeat { step = Int.random(in: 1..<count, using: &random) } while !Self.isPrime(step, to: count)
        }
        self.step = step
    }

    mutating func next() -> Int? {
        guard left > 0 else { return nil }
        left -= 1
        defer { place = (place + step) % count }
        return place
    }

    private static func isPrime(_ step: Int, to count: Int) -> Bool {
        var (greater, less) = (count, step)
        while less > 0 { (greater, less) = (less, greater % less) }
        return greater == 1
    }
}
