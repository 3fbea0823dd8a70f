// What levels ask of the model: when to suspect.

extension AdaptiveModel {
    public enum Threshold: Hashable, Sendable {
        case phi(Double)
        case price(Float)
        case mistakes(MistakeBudget)

        fileprivate var isPhi: Bool { if case .phi = self { true } else { false } }
    }

    /// What one node keeps per level.
    public struct Pursuit: Sendable {
        /// When the level suspects, in nanoseconds after the last arrival; nil while no interval is known.
        fileprivate(set) var wait: Int64?
        fileprivate(set) var choice = WaitChoice()
        /// Where φ was reached last, in scales after the centre.
        fileprivate(set) var lateness: Float = 4
        fileprivate(set) var steering = BudgetSteering()
        /// Whether the wait is longer than the choice is, since stamps are wrong.
        fileprivate var isStretched = false

        @inline(__always) fileprivate mutating func setWait(
            _ model: borrowing AdaptiveModel, stampError: Int64, within: Int64?
        ) {
            let chosen = model.wait(choice)
            let wait = max(chosen, model.earliestWait(of: choice.family, stampError: stampError))
            isStretched = wait > chosen
            self.wait = min(wait, within ?? .max)
        }
    }

    /// What the nodes of one group learn together.
    public struct Commons: Sendable {
        var tables: GroupTables
        /// For each level.
        var mistakes = InlineArray<8, MistakeRecord>(repeating: MistakeRecord())
        public init(profile: LatenessProfile? = nil) { tables = GroupTables(profile) }

        /// What was learned so far, with the profile that it began with; nil while that is nothing.
        public var profile: LatenessProfile? { LatenessProfile(tables) }
    }

    public static func refusal(of policy: Policy) -> String? { nil }

    public static func threshold(for policy: Policy) -> Threshold {
        switch policy {
        case .phi(let phi): .phi(phi)
        case .price(let price): .price(Float(price))
        case .mistakes(let budget): .mistakes(budget)
        }
    }

    public static func pursuit(of threshold: Threshold) -> Pursuit { Pursuit() }
    public static func commons(_ parameters: Parameters = .init()) -> Commons { Commons(profile: parameters.profile) }

    public mutating func pursue(
        _ thresholds: Span<Threshold>, _ pursuits: inout MutableSpan<Pursuit>, after arrival: Arrival?,
        stampError: Int64,
        in commons: inout Commons
    ) {
        guard isExpecting else { return }
        if let arrival {
            // Mistakes made while an interval changes say nothing of predictions.
            if !isWithheld { account(arrival, thresholds, &pursuits, in: &commons) }
        } else {
            join(commons.tables)
        }
        // Where nothing was observed there is nothing to choose anew by: after an overload that is so for every heartbeat, and
        // whoever chose each time would never catch up.
        if arrival == nil ? pursuits.contains(where: { $0.wait == nil || $0.choice.isInitial }) : isChoiceDue {
            choose(thresholds, &pursuits, commons)
            choiceIsMade()
        }
        for level in thresholds.indices {
            switch thresholds[level] {
            case .phi: break
            case .price: pursuits[level].setWait(self, stampError: stampError, within: nil)
            case .mistakes(let budget): pursuits[level].setWait(self, stampError: stampError, within: budget.within)
            }
        }
        if thresholds.contains(where: \.isPhi) { reachPhi(thresholds, &pursuits, stampError: stampError) }
    }

    // These are inlined, or else the model and what its group knows would be copied for each call.

    @inline(__always) private func reachPhi(
        _ thresholds: Span<Threshold>, _ pursuits: inout MutableSpan<Pursuit>, stampError: Int64
    ) {
        let curve = suspicion
        for level in thresholds.indices {
            guard case .phi(let phi) = thresholds[level] else { continue }
            let wait = curve.wait(until: phi, near: curve.silence(ofLateness: Double(pursuits[level].lateness)))
            pursuits[level].lateness = Float(curve.lateness(after: wait))
            pursuits[level].wait = max(
                Int64(saturating: wait.rounded(.up)), earliestWait(of: .patches, stampError: stampError))
        }
    }

    @inline(__always) private func account(
        _ arrival: Arrival, _ thresholds: Span<Threshold>, _ pursuits: inout MutableSpan<Pursuit>,
        in commons: inout Commons
    ) {
        for level in thresholds.indices {
            guard case .mistakes = thresholds[level] else { continue }
            // Predictions are made for the choice as it is, and leave out what no choice avoids. Two conditions: one made of
            // both with `&&` would be a closure, and take a copy of the model along.
            if pursuits[level].isStretched { continue }
            if isOutage(arrival.gap, for: pursuits[level].choice) { continue }
            pursuits[level].steering.account(
                wasMistake: arrival.gap > pursuits[level].wait ?? .max, in: &commons.mistakes[min(7, level)])
        }
    }

    @inline(__always) private func choose(
        _ thresholds: Span<Threshold>, _ pursuits: inout MutableSpan<Pursuit>, _ commons: borrowing Commons
    ) {
        guard thresholds.contains(where: { !$0.isPhi }), hasMenu(commons) else { return }
        let menu = menu(commons)
        for level in thresholds.indices {
            switch thresholds[level] {
            case .phi: break
            case .price(let price): pursuits[level].choice = menu.cheapest(at: price)
            case .mistakes(let budget):
                pursuits[level].choice = pursuits[level].steering.choose(
                    from: menu, target: Float(budget.perHeartbeat(interval: expectedInterval)),
                    limit: budget.within.map(inIntervals) ?? .infinity, heartbeats: heartbeatsSinceChoice,
                    samples: UInt32(clamping: samples), group: commons.mistakes[min(7, level)])
            }
        }
    }

    public func wait(until threshold: Threshold, in pursuit: Pursuit) -> Int64? { pursuit.wait }

    public func shortfall(of threshold: Threshold, in pursuit: Pursuit) -> Shortfall? {
        pursuit.steering.shortfall(unit: unitInNanoseconds)
    }
}

extension MutableSpan {
    fileprivate func contains(where isWanted: (Element) -> Bool) -> Bool { span.contains(where: isWanted) }
}

extension Span {
    fileprivate func contains(where isWanted: (Element) -> Bool) -> Bool {
        for index in indices where isWanted(self[index]) { return true }
        return false
    }
}

// MARK: Stored state

extension AdaptiveModel.Pursuit: StoredState {
    public func write(to writer: inout StateWriter) {
        writer.write(wait)
        writer.write(choice)
        writer.write(lateness)
        writer.write(steering)
        writer.write(isStretched)
    }
    public init(from reader: inout StateReader) throws(DamagedState) {
        wait = try reader.optional { reader throws(DamagedState) in try reader.integer(in: 0...(.max)) }
        choice = try reader.state()
        lateness = try reader.float()
        steering = try reader.state()
        isStretched = try reader.bool()
    }
}

extension AdaptiveModel.Commons: StoredState {
    public func write(to writer: inout StateWriter) {
        writer.write(tables)
        for level in mistakes.indices { writer.write(mistakes[level]) }
    }
    public init(from reader: inout StateReader) throws(DamagedState) {
        tables = try reader.state()
        for level in mistakes.indices { mistakes[level] = try reader.state() }
    }
}
