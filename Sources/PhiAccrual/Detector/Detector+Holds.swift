// Mass silence: suspicions that are held back.

extension Detector {
    /// What some nodes, asked at one moment, say of whether anybody is heard.
    private struct SilenceSample {
        var overdue: [ActiveHolds.SampledNode] = []
        /// Nodes heard since the suspect should have been.
        var heard = 0
        /// Nodes that are neither.
        var waiting = 0
        /// When one of those overdue was heard last.
        var silentSince = Int64.min

        var isComplete: Bool { overdue.count + heard >= HoldRule.sampleSize }

        func isMassSilence(under rule: HoldRule) -> Bool {
            overdue.count - heard >= rule.minExcess
                && Double(overdue.count) >= rule.share * Double(overdue.count + heard)
        }
        /// Nobody asked was heard, and they are enough to be a mass.
        func mayBecomeOne(under rule: HoldRule) -> Bool { heard == 0 && overdue.count + waiting >= rule.minExcess }
    }

    private enum SilenceVerdict {
        case single
        /// Nobody was heard since, though it was not yet time for others either.
        case undecided(ActiveHolds.Scope)
        case common(ActiveHolds.Scope, SilenceSample)
    }

    /// A node is about to be suspected. If its silence is one of many, a hold begins; if that cannot be told yet, a doubt.
    mutating func checkMassSilence(of slot: Int, at due: Int64, into events: inout [Event]) {
        guard let rule = configuration.hold, nodes[slot].state.isWatched, !nodes[slot].state.isSuspectedAnywhere,
            holds.isQuiet || !(holds.isActive(for: nodes[slot]) || holds.isExhausted(nodes[slot]))
        else { return }
        switch classify(slot, at: due, under: rule) {
        case .single: return
        case .common(let scope, let found): begin(scope, found, slot, at: due, under: rule, into: &events)
        case .undecided(let scope):
            // By the time that its next heartbeat would come it is known of all that are as frequent.
            let time = min(models[slot].expectedGap ?? 0, rule.maxDuration)
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

    /// What others say of a node's silence.
    private mutating func classify(_ slot: Int, at due: Int64, under rule: HoldRule) -> SilenceVerdict {
        let expectedAt = nodes[slot].lastArrival.addingSaturated(models[slot].expectedGap ?? 0)
        // After a time in which nobody was heard everybody is overdue.
        let lastHeard = nodes[slot].lastArrival < suspendedUntil ? .min : nodes[slot].lastArrival
        let isAnybodyHeard = heardAt.contains { $0 >= expectedAt }
        // Nodes whose name is not known, and those of groups beyond the limit, are of no group.
        guard nodes[slot].group != 0 else {
            let found = sample(nil, since: lastHeard, expectedAt, at: due)
            if found.isMassSilence(under: rule) { return .common(nil, found) }
            return !isAnybodyHeard && found.mayBecomeOne(under: rule) ? .undecided(nil) : .single
        }
        let group: ActiveHolds.Scope = nodes[slot].group
        let found = sample(group, since: lastHeard, expectedAt, at: due)
        // Where there are no others, to look for them would take longer than all else.
        let others =
            members[Int(nodes[slot].group)].count < nodeCount
            ? sample(nil, except: group, since: lastHeard, expectedAt, at: due) : SilenceSample()
        if others.isMassSilence(under: rule) { return .common(nil, others) }
        if found.isMassSilence(under: rule) { return .common(group, found) }
        let isGroupHeard = heardAt[Int(nodes[slot].group)] >= expectedAt
        if !isGroupHeard, found.mayBecomeOne(under: rule) { return .undecided(group) }
        return !isAnybodyHeard && others.mayBecomeOne(under: rule) ? .undecided(nil) : .single
    }

    private mutating func begin(
        _ scope: ActiveHolds.Scope, _ found: SilenceSample, _ slot: Int, at now: Int64, under rule: HoldRule,
        into events: inout [Event]
    ) {
        let until = now.addingSaturated(rule.maxDuration)
        let hold = ActiveHolds.Hold(
            scope: scope, began: now, silentSince: max(found.silentSince, nodes[slot].lastArrival), until: until,
            nextCheck: min(now.addingSaturated(ActiveHolds.checkEvery), until), heard: found.heard,
            sampledNodes: found.overdue)
        holds.begin(hold)
        emit(.begins, of: hold, at: now, into: &events)
    }

    /// More can be said now of a silence that was doubted.
    private mutating func decide(
        _ doubt: ActiveHolds.Hold, about candidate: ActiveHolds.SampledNode, at now: Int64, into events: inout [Event]
    ) {
        holds.release(doubt)
        let slot = Int(candidate.slot)
        if let rule = configuration.hold, isPresent(candidate), nodes[slot].state.isWatched,
            nodes[slot].lastArrival < doubt.began, !holds.isActive(for: nodes[slot])
        {
            switch classify(slot, at: now, under: rule) {
            case .common(let scope, let found):
                begin(scope, found, slot, at: now, under: rule, into: &events)
                return
            case .undecided where now < doubt.until:
                var doubt = doubt
                doubt.nextCheck = min(now.addingSaturated(ActiveHolds.undecidedCheckInterval), doubt.until)
                holds.begin(doubt)
                return
            default: break
            }
        }
        // Whoever fell due meanwhile is suspected now, and not as of then: nothing is told of the past.
        forEachMember(of: doubt.scope) { detector, slot in
            guard detector.nodes[slot].state.isWatched else { return }
            for level in 0..<detector.levelCount {
                let number = slot * detector.levelCount + level
                guard !detector.nodes[slot].state.isSuspected(atLevel: level), detector.deadlines[number] <= now
                else { continue }
                detector.deadlines[number] = now
                detector.nodes[slot].flags.insert(.undecided)
            }
            detector.rearm(slot)
        }
    }

    /// Looks at every hold that is to be looked at now.
    mutating func checkHolds(at now: Int64, into events: inout [Event]) {
        stepCount &+= 1
        while var hold = holds.dequeueDue(at: now) {
            if let candidate = hold.candidate {
                decide(hold, about: candidate, at: now, into: &events)
                continue
            }
            let isBack = hold.sampledNodes.count { isHeardSince(hold.began, $0) }
            if 2 * isBack >= hold.sampledNodes.count {
                holds.release(hold)
                emit(.released, of: hold, at: now, into: &events)
                exempt(hold, at: now)
            } else if now >= hold.until {
                holds.expire(hold)
                emit(.expired, of: hold, at: now, into: &events)
                forEachMember(of: hold.scope) { $0.rearm($1) }
            } else {
                addSampledNodes(to: &hold, at: now)
                hold.nextCheck = min(now.addingSaturated(ActiveHolds.checkEvery), hold.until)
                holds.reschedule(hold)
            }
        }
    }

    private func isHeardSince(_ instant: Int64, _ witness: ActiveHolds.SampledNode) -> Bool {
        isPresent(witness) && nodes[Int(witness.slot)].lastArrival >= instant
    }

    /// One that was forgotten meanwhile says nothing more.
    private func isPresent(_ witness: ActiveHolds.SampledNode) -> Bool {
        let slot = Int(witness.slot)
        return slot < nodes.count && nodes[slot].key == witness.key && isInUse(slot)
    }

    /// Others fell due since, and are as silent.
    private mutating func addSampledNodes(to hold: inout ActiveHolds.Hold, at now: Int64) {
        let room = HoldRule.sampleSize - hold.sampledNodes.count
        guard room > 0 else { return }
        let known = Set(hold.sampledNodes)
        let found = sample(hold.scope, since: .min, hold.began, at: now)
        let more = found.overdue.filter { !known.contains($0) && !isHeardSince(hold.began, $0) }
        hold.sampledNodes += more.prefix(room)
    }

    /// The time of a hold that was released is held against nobody: silences go on from where they were at its beginning.
    /// TCP waits twice as long for each next attempt, so nodes may need as long again to be heard.
    private mutating func exempt(_ hold: ActiveHolds.Hold, at now: Int64) {
        let time = now.subtractingSaturated(hold.silentSince)
        let grace = time.addingSaturated(min(time, configuration.hold?.maxDuration ?? 0))
        // What waited somewhere on its way comes all at once.
        suspendLearning(from: hold.silentSince, to: now.addingSaturated(ActiveHolds.checkEvery))
        forEachMember(of: hold.scope) { detector, slot in
            if detector.nodes[slot].lastArrival < hold.began {
                detector.nodes[slot].flags.insert(.exempt)
                detector.postpone(slot, after: hold.silentSince, by: grace)
            } else {
                detector.restartTimeout(slot, at: now)
            }
        }
    }

    /// Heard in a hold: from its end on it has its usual time once more, since heartbeats may still be on odd ways.
    private mutating func restartTimeout(_ slot: Int, at now: Int64) {
        for level in 0..<levelCount where !nodes[slot].state.isSuspected(atLevel: level) {
            let number = slot * levelCount + level
            guard deadlines[number] != .max, let timeout = timeout(slot, level) else { continue }
            deadlines[number] = max(deadlines[number], now.addingSaturated(timeout))
        }
        rearm(slot)
    }

    // MARK: Who is asked

    /// Asks nodes of a scope in no order, until enough of them had something to say.
    /// - Parameters:
    ///   - lastHeard: When the suspect was heard last. Who was overdue by then fell silent for a reason of his own, and says
    ///     nothing of what has happened since; unless his silence was nobody's fault. `.min`: all may speak.
    ///   - expectedAt: Who was heard after this was heard while the suspect should have been.
    private mutating func sample(
        _ scope: ActiveHolds.Scope, except group: ActiveHolds.Scope = nil, since lastHeard: Int64, _ expectedAt: Int64,
        at now: Int64
    ) -> SilenceSample {
        var found = SilenceSample()
        var indices = ShuffledIndices(past: scope.map { members[Int($0)].count } ?? nodes.count, using: &random)
        var slots = InlineArray<16, Int>(repeating: 0)
        // Of nodes that are heard every ten seconds few can say anything of the last one.
        var left = HoldRule.maxSampled
        while left > 0, !found.isComplete {
            // They lie far apart in memory: several are waited for together.
            var count = 0
            while count < slots.count, let index = indices.next() {
                let slot = scope.map { Int(members[Int($0)][index]) } ?? index
                nodes.prefetch(slot..<slot + 1)
                models.prefetch(slot..<slot + 1)
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
        guard node.state.isWatched, !node.flags.contains(.paused), holds.isQuiet || !holds.isExhausted(node),
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

    /// Who is suspected may be the first of a mass, unless it was silent for long already.
    @inline(__always) private func isNewlySilent(_ node: WatchedNode, at now: Int64) -> Bool {
        now.subtractingSaturated(node.lastArrival) < configuration.hold?.maxDuration ?? 0
    }

    /// Whether its silence is longer than two in three of its gaps, or than its interval where no φ is known.
    @inline(__always) private func isOverdue(_ slot: Int, at now: Int64) -> Bool {
        let silence = max(0, now.subtractingSaturated(nodes[slot].lastArrival))
        guard let expected = models[slot].expectedGap, silence > expected else { return false }
        return models[slot].phi(after: silence).map { $0 >= 0.5 } ?? true
    }

    private mutating func forEachMember(of scope: ActiveHolds.Scope, _ body: (inout Self, Int) -> Void) {
        if let scope {
            for slot in members[Int(scope)] { body(&self, Int(slot)) }
        } else {
            for slot in nodes.indices where isInUse(slot) { body(&self, slot) }
        }
    }

    private func emit(_ phase: HoldChange.Phase, of hold: ActiveHolds.Hold, at now: Int64, into events: inout [Event]) {
        events.append(
            .hold(
                HoldChange(
                    phase: phase, group: hold.scope.map { groupNames[Int($0)] }, at: Instant(nanoseconds: now),
                    began: Instant(nanoseconds: hold.began), silentSince: Instant(nanoseconds: hold.silentSince),
                    overdue: hold.sampledNodes.count,
                    heard: phase == .begins ? hold.heard : hold.sampledNodes.count { isHeardSince(hold.began, $0) },
                    nodes: hold.scope.map { members[Int($0)].count } ?? nodeCount)))
    }
}

/// Every one of some places once, in an order that nobody can foresee.
private struct ShuffledIndices: Sequence, IteratorProtocol {
    private var place: Int
    private var left: Int
    private let step: Int
    private let count: Int

    init(past count: Int, using random: inout SplitMix64) {
        (self.count, left) = (count, count)
        place = count > 0 ? Int.random(in: 0..<count, using: &random) : 0
        // A step that has no divisor in common with their count passes none of them by.
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
