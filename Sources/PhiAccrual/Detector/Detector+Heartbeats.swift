// What a heartbeat does to its node.

extension Detector {
    mutating func take(_ heartbeat: Heartbeat, at now: Instant, into events: inout [Event]) -> Reception {
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
            if nodes[slot].marks.contains(.claimed) { details[slot].claimant?.acceptedSpoke() }
            if hasBacklog, nodes[slot].coalesce(heartbeat, at: now.nanoseconds) {
                guard !nodes[slot].marks.contains(.coalesced) else { return .coalesced }
                nodes[slot].marks.insert(.coalesced)
                // The first of those taken as one may have been late, and the newest not: the schedule starts with that.
                models[slot].begin(announcedInterval: heartbeat.announcedInterval)
                pursue(slot, after: nil)
                setDeadlines(slot)
                return .coalesced
            }
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
        nodes[slot].marks.insert(.claimed)
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
        let isFirst = before.phase == .new
        let silence =
            isFirst && !before.isSuspectedAnywhere
            ? 0 : max(0, now.nanoseconds.subtractingSaturated(node.lastArrival))
        // What the silence looked like before its end was learned from. Most heartbeats change nothing and tell nothing.
        var evidence = before.isTrusted && !heartbeat.isLeaving ? nil : evidence(slot, silence: silence, ownLate: 0)

        let isOtherSender = isFirst || isTakeover || heartbeat.incarnation != node.incarnation
        if isOtherSender || before.phase == .left {  // what lies between a goodbye and a return is no gap
            models[slot].begin(announcedInterval: heartbeat.announcedInterval)
            pursue(slot, after: nil)
            node.missing = 0
            node.senderLate = nil
            details[slot].claimant = nil
            node.marks.remove(.claimed)
            details[slot].told.remove(.duplicateNode)
        } else {
            let step = node.sequence.distance(toNewer: heartbeat.sequence)
            node.missing += step - 1
            node.senderLate = Self.senderLateness(
                heartbeat, after: node, step: step, expected: models[slot].expectedWait)
            if isExcused(node, silence: silence) {
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
        if node.marks.contains(.excused) { details[slot].silentSince = nil }
        if !node.marks.isEmpty { node.marks.subtract([.excused, .doubted, .coalesced]) }
        heardAt[Int(node.group)] = now.nanoseconds
        if !holds.active.isEmpty { holds.hurry(at: now.nanoseconds) }
        if heartbeat.isLeaving {
            node.standing.leave()
        } else {
            if node.heard < WatchedNode.confirmations { node.heard += 1 }
            node.standing.phase = node.heard < WatchedNode.confirmations ? .learning : .trusted
        }
        for level in 0..<levelCount {
            let number = slot * levelCount + level
            let wait = heartbeat.isLeaving ? nil : wait(slot, level)
            let isInTime = now.nanoseconds <= deadlines[number]
            deadlines[number] = wait.map(now.nanoseconds.addingSaturated) ?? .max
            guard node.standing.isSuspected(atLevel: level) else { continue }
            // An arrival whose own new deadline has passed already leaves suspicion as it was.
            if wait.map({ $0 >= 0 }) ?? true, mayTrust(slot, level, at: now.nanoseconds, isInTime: isInTime) {
                node.standing.clearSuspicion(atLevel: level)
                evidence?.inRow = details[slot].recoveries.isEmpty ? nil : Int(details[slot].recoveries[level].heard)
            }
        }
        nodes[slot] = node
        rearm(slot)
        evidence?.missing = node.missing
        evidence?.senderLate = node.senderLate
        evidence?.samples = models[slot].samples
        if let evidence { announce(slot, at: now, from: before, evidence: evidence, into: &events) }
    }

    /// Whether what lies between two heartbeats tells of others than the node.
    @inline(__always) private func isExcused(_ node: WatchedNode, silence: Int64) -> Bool {
        if node.marks.contains(.excused) || node.marks.contains(.paused) { return true }
        if node.lastArrival < deafUntil, deafUntil.subtractingSaturated(deafSince) > silence / 10 { return true }
        return !holds.isQuiet(since: node.lastArrival) && holds.toldSince(for: node) != nil
    }

    /// Whether a heartbeat ends a level's suspicion.
    private mutating func mayTrust(_ slot: Int, _ level: Int, at now: Int64, isInTime: Bool) -> Bool {
        let rule = configuration.recovery
        guard !rule.isImmediate, level < details[slot].recoveries.count else { return true }
        let mayTrust = details[slot].recoveries[level].heard(at: now, inTime: isInTime, under: rule)
        if mayTrust { details[slot].told.remove(.flapping) }
        return mayTrust
    }

    mutating func pursue(_ slot: Int, after arrival: Arrival?) {
        // Out of `self` and back, so that the spans do not bar the model from changing; nothing is copied.
        var (all, levels): ([Model.Pursuit], [Model.Threshold]) = ([], [])
        swap(&all, &pursuits)
        swap(&levels, &thresholds)
        let (first, plan) = (slot * levelCount, Int(nodes[slot].plan) * levelCount)
        var span = all.mutableSpan
        var own = span._mutatingExtracting(first..<first + levelCount)
        models[slot].pursue(
            levels.span.extracting(plan..<plan + levelCount), &own, after: arrival, stampError: stampError,
            in: &commons[Int(nodes[slot].group)])
        swap(&levels, &thresholds)
        swap(&all, &pursuits)
    }

    @inline(__always) func wait(_ slot: Int, _ level: Int) -> Int64? {
        models[slot].wait(until: threshold(slot, level), in: pursuits[slot * levelCount + level])
    }

    /// By the sender's own clock: how much longer than its steps should take it needed for them.
    private static func senderLateness(
        _ heartbeat: Heartbeat, after node: WatchedNode, step: Int64, expected: Int64?
    ) -> Int64? {
        guard let sent = heartbeat.sent, let lastSent = node.lastSent, let expected else { return nil }
        let (due, overflow) = expected.multipliedReportingOverflow(by: step)
        return overflow ? nil : sent.subtractingSaturated(lastSent).subtractingSaturated(due)
    }
}
