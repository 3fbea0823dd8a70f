import BinaryCoding

// How levels decide when to suspect.

extension AdaptiveModel {
    public enum Threshold: Hashable, Sendable {
        case phi(Double)
        case price(Float)
        case mistakes(MistakeBudget)

        fileprivate var isPhi: Bool { if case .phi = self { true } else { false } }
    }

    /// State that one node keeps per level.
    public struct LevelState: Sendable {
        /// Timeout in nanoseconds after the last arrival; nil while no interval is known.
        fileprivate(set) var timeout: Int64?
        fileprivate(set) var choice = TimeoutChoice()
        /// Lateness at which φ last reached the threshold, in scales after the centre. The next search starts there.
        fileprivate(set) var lateness: Float = 4
        fileprivate(set) var controller = BudgetController()
        /// Whether timestamp uncertainty makes the timeout longer than the choice's own.
        fileprivate var isStretched = false

        @inline(__always) fileprivate mutating func setTimeout(
            _ model: borrowing AdaptiveModel, timestampUncertainty: Int64, within: Int64?
        ) {
            let chosen = model.timeout(choice)
            let timeout = max(
                chosen, model.earliestTimeout(of: choice.family, timestampUncertainty: timestampUncertainty))
            isStretched = timeout > chosen
            self.timeout = min(timeout, within ?? .max)
        }
    }

    /// Statistics that the nodes of one group share.
    public struct GroupState: Sendable {
        var tables: GroupHistograms
        /// One record per level.
        var mistakes = InlineArray<8, MistakeRecord>(repeating: MistakeRecord())
        public init(profile: LatenessProfile? = nil) { tables = GroupHistograms(profile) }

        /// What the group has learned so far, including its initial profile; nil if it has learned nothing.
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

    public static func levelState(of threshold: Threshold) -> LevelState { LevelState() }
    public static func makeGroupState(_ parameters: Parameters = .init()) -> GroupState {
        GroupState(profile: parameters.profile)
    }

    public mutating func updateLevels(
        _ thresholds: Span<Threshold>, _ levelStates: inout MutableSpan<LevelState>, after arrival: Arrival?,
        timestampUncertainty: Int64,
        in group: inout GroupState
    ) {
        guard isExpecting else { return }
        if let arrival {
            // Mistakes during an interval change are no evidence about the predictions.
            if !isWithheld { account(arrival, thresholds, &levelStates, in: &group) }
        } else {
            join(group.tables)
        }
        // Without an observation there is nothing new to base a choice on. After an overload this applies to every
        // heartbeat, and a detector that chose each time would never catch up.
        if arrival == nil ? levelStates.contains(where: { $0.timeout == nil || $0.choice.isInitial }) : isChoiceDue {
            choose(thresholds, &levelStates, group)
            choiceIsMade()
        }
        for level in thresholds.indices {
            switch thresholds[level] {
            case .phi: break
            case .price: levelStates[level].setTimeout(self, timestampUncertainty: timestampUncertainty, within: nil)
            case .mistakes(let budget):
                levelStates[level].setTimeout(self, timestampUncertainty: timestampUncertainty, within: budget.within)
            }
        }
        if thresholds.contains(where: \.isPhi) {
            reachPhi(thresholds, &levelStates, timestampUncertainty: timestampUncertainty)
        }
    }

    // Inlined: otherwise each call would copy the model and the group state.

    @inline(__always) private func reachPhi(
        _ thresholds: Span<Threshold>, _ levelStates: inout MutableSpan<LevelState>, timestampUncertainty: Int64
    ) {
        let curve = suspicion
        for level in thresholds.indices {
            guard case .phi(let phi) = thresholds[level] else { continue }
            let timeout = curve.timeout(
                until: phi, near: curve.silence(ofLateness: Double(levelStates[level].lateness)))
            levelStates[level].lateness = Float(curve.lateness(after: timeout))
            levelStates[level].timeout = max(
                Int64(saturating: timeout.rounded(.up)),
                earliestTimeout(of: .bursts, timestampUncertainty: timestampUncertainty))
        }
    }

    @inline(__always) private func account(
        _ arrival: Arrival, _ thresholds: Span<Threshold>, _ levelStates: inout MutableSpan<LevelState>,
        in group: inout GroupState
    ) {
        for level in thresholds.indices {
            guard case .mistakes = thresholds[level] else { continue }
            // Predictions apply to the unstretched timeout of the choice and exclude outages that no choice avoids.
            // These are two conditions because one condition with `&&` would be a closure, which copies the model.
            if levelStates[level].isStretched { continue }
            if isOutage(arrival.gap, for: levelStates[level].choice) { continue }
            levelStates[level].controller.account(
                wasMistake: arrival.gap > levelStates[level].timeout ?? .max, in: &group.mistakes[min(7, level)])
        }
    }

    @inline(__always) private func choose(
        _ thresholds: Span<Threshold>, _ levelStates: inout MutableSpan<LevelState>, _ group: borrowing GroupState
    ) {
        guard thresholds.contains(where: { !$0.isPhi }), hasCandidates(group) else { return }
        let candidates = candidates(group)
        for level in thresholds.indices {
            switch thresholds[level] {
            case .phi: break
            case .price(let price): levelStates[level].choice = candidates.minimumCost(at: price)
            case .mistakes(let budget):
                levelStates[level].choice = levelStates[level].controller.choose(
                    from: candidates, target: Float(budget.perHeartbeat(interval: expectedInterval)),
                    limit: budget.within.map(inIntervals) ?? .infinity, heartbeats: heartbeatsSinceChoice,
                    samples: UInt32(clamping: samples), group: group.mistakes[min(7, level)])
            }
        }
    }

    public func timeout(until threshold: Threshold, in levelState: LevelState) -> Int64? { levelState.timeout }

    public func shortfall(of threshold: Threshold, in levelState: LevelState) -> BudgetShortfall? {
        levelState.controller.shortfall(unit: unitInNanoseconds)
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

extension AdaptiveModel.LevelState: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(timeout)
        writer.write(choice)
        writer.write(lateness)
        writer.write(controller)
        writer.write(isStretched)
    }
    public init(from reader: inout BinaryReader) throws(CorruptData) {
        timeout = try reader.optional { reader throws(CorruptData) in try reader.integer(in: 0...(.max)) }
        choice = try reader.state()
        lateness = try reader.float()
        controller = try reader.state()
        isStretched = try reader.bool()
    }
}

extension AdaptiveModel.GroupState: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(tables)
        for level in mistakes.indices { writer.write(mistakes[level]) }
    }
    public init(from reader: inout BinaryReader) throws(CorruptData) {
        tables = try reader.state()
        for level in mistakes.indices { mistakes[level] = try reader.state() }
    }
}
