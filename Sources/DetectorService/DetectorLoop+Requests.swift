import Configuration
import EventLoop
import HeartbeatProtocol
import PhiAccrual

/// A message to the detector loop.
enum DetectorLoopInput: Sendable {
    case request(DetectorRequest, ReplySink)
    /// A new configuration.
    case reload(Reload)
    /// The state store was lost: learned state is no longer persisted.
    case stateStoreLost
}

extension DetectorLoop {
    mutating func answer(_ request: DetectorLoopInput) {
        let now = MonotonicClock.now
        var reply: EventPublisherInput?
        switch request {
        case .reload(let reload): apply(reload, at: now)
        case .stateStoreLost: learnedStateSchedule = nil
        case .request(let request, let sink):
            do throws(ControlError) {
                reply = try perform(request, for: sink, at: now)
            } catch {
                reply = .refusal(error, to: sink)
            }
        }
        // A client may rely on a reply: what follows from its request is persisted first.
        publishEvents()
        if let reply { publisher.put(reply) }
    }

    /// - Returns: The reply; nil if it is sent later.
    private mutating func perform(
        _ request: DetectorRequest, for sink: ReplySink, at now: Instant
    ) throws(ControlError) -> EventPublisherInput? {
        switch request {
        case .status: return .status(status, to: sink)
        case .nodes(let cursor, let limit):
            let (page, next) = detector.detector.statuses(from: cursor, limit: limit, at: now)
            return .answer(NodesAnswer(nodes: page.map { describe($0, at: now) }, cursor: next), to: sink)
        case .node(let identity):
            let status = try status(of: identity, at: now)
            return .answer(NodesAnswer(nodes: [describe(status, at: now)], cursor: nil), to: sink)
        case .explain(let identity):
            return .explanation(explain(try status(of: identity, at: now), at: now), of: identity, to: sink)
        case .policies(let identity): return .answer(try policies(of: identity, at: now), to: sink)
        case .tune(let request): return .answer(try tune(request, at: now), to: sink)
        case .pause(let request): return .answer(try pause(request, at: now), to: sink)
        case .resume(let identity):
            let wasPaused = try status(of: identity, at: now).pause != nil
            detector.apply(.resumption(NodeKey(of: identity), at: now), into: &events)
            return .answer(ResumeAnswer(node: identity.description, wasPaused: wasPaused), to: sink)
        case .forget(let identity):
            _ = try status(of: identity, at: now)
            detector.apply(.forgetting(NodeKey(of: identity), at: now), into: &events)
            return .answer(ForgetAnswer(node: identity.description), to: sink)
        case .whatIf(let request):
            try whatIf(request, to: sink, at: now)
            return nil
        case .record(let isOn): return .answer(try record(isOn, at: now), to: sink)
        }
    }

    // MARK: Queries

    private var status: DetectorStatus {
        DetectorStatus(
            nodes: detector.detector.nodeCount,
            heartbeats: Dictionary(
                uniqueKeysWithValues: HeartbeatOutcome.allCases.map { ($0.name, detector.detector.heartbeatCounts[$0]) }
            ),
            malformed: Dictionary(uniqueKeysWithValues: malformed.counts.map { ($0.rawValue, $1) }),
            timestampUncertaintySeconds: detector.detector.timestampUncertainty.seconds,
            policies: detector.detector.policies)
    }

    private func status(of identity: NodeIdentity, at now: Instant) throws(ControlError) -> NodeStatus {
        guard let status = detector.detector.status(of: NodeKey(of: identity), at: now) else {
            throw ControlError(.unknownNode, "unknown node \(identity): 'phi status' lists the watched nodes")
        }
        return status
    }

    private func explain(_ status: NodeStatus, at now: Instant) -> ExplainAnswer {
        ExplainAnswer(
            node: describe(status, at: now), levels: levelStatuses(status, at: now), verdicts: [],
            disconnectedSeconds: status.disconnectedAt.map { (now - $0).nanoseconds.seconds },
            pause: status.pause.map {
                ExplainAnswer.Pause(secondsLeft: ($0.until - now).nanoseconds.seconds, reason: $0.reason)
            }, heldSeconds: status.heldSince.map { (now - $0).nanoseconds.seconds })
    }

    private func levelStatuses(_ status: NodeStatus, at now: Instant) -> [LevelPolicyStatus] {
        zip(detector.detector.levels, status.levels).map { level, state in
            LevelPolicyStatus(
                name: level.name, policy: state.effectivePolicy.policy.description,
                origin: state.effectivePolicy.origin.description,
                state: state.verdict.rawValue, thresholdSeconds: state.timeout?.seconds,
                secondsLeft: state.deadline.map { ($0 - now).nanoseconds.seconds })
        }
    }

    /// Number of overrides whose timeouts are reported: each costs a scan of every node.
    private static var maxCounted: Int { 20 }

    private func policies(of identity: NodeIdentity?, at now: Instant) throws(ControlError) -> PoliciesAnswer {
        let policies = detector.detector.policies
        let overrides = policies.entries.filter { entry in
            identity.map { entry.origin.scope.covers($0) } ?? true
        }.enumerated().map { number, entry in
            PoliciesAnswer.Override(
                level: policies.levels[entry.level].name, policy: entry.policy, origin: entry.origin,
                allows: number < Self.maxCounted ? allowed(at: entry.level, by: entry.origin) : nil)
        }
        if let identity {
            return PoliciesAnswer(
                levels: levelStatuses(try status(of: identity, at: now), at: now), overrides: overrides, node: identity)
        }
        let levels = policies.levels.indices.map { level in
            let effectivePolicy = policies.effectivePolicy(nil, level: level)
            return LevelPolicyStatus(
                name: policies.levels[level].name, policy: effectivePolicy.policy.description,
                origin: effectivePolicy.origin.description,
                allows: allowed(at: level, by: effectivePolicy.origin))
        }
        return PoliciesAnswer(levels: levels, overrides: overrides)
    }

    private func allowed(at level: Int, by origin: Origin) -> TimeoutRange {
        let timeouts = detector.detector.timeouts(atLevel: level, under: origin)
        return TimeoutRange(nodes: timeouts.count, thresholds: timeouts.compactMap(\.self))
    }

    private func describe(_ status: NodeStatus, at now: Instant) -> NodesAnswer.Node {
        NodesAnswer.Node(
            group: status.identity?.group, node: status.identity?.name, key: status.key.description,
            incarnation: status.incarnation, sequence: status.sequence, phi: status.phi,
            silenceSeconds: status.lastArrival.map { (now - $0).nanoseconds.seconds },
            expectedSeconds: status.expected?.seconds, missing: status.missing, discarded: status.discarded,
            samples: status.samples, labels: announcements.labels(of: status.key),
            levels: Dictionary(
                uniqueKeysWithValues: zip(detector.detector.levels, status.levels).map { level, state in
                    (
                        level.name,
                        NodesAnswer.Node.AtLevel(
                            state: state.verdict.rawValue,
                            secondsLeft: state.deadline.map { ($0 - now).nanoseconds.seconds },
                            thresholdSeconds: state.timeout?.seconds)
                    )
                }))
    }

    // MARK: Changes

    private mutating func tune(_ request: TuneRequest, at now: Instant) throws(ControlError) -> TuneAnswer {
        var policies = detector.detector.policies
        let level = try level(named: request.level, in: policies)
        policies.set(request.policy, level: level, from: Origin(.tune, for: request.scope))
        try check(policies)
        let effectivePolicy = policies.effectivePolicy(within: request.scope, level: level)
        // Before the events that follow from it.
        publisher.put(
            .tuned(level: request.level, request.scope, request.policy, effectivePolicy: effectivePolicy, at: now))
        detector.apply(.policies(policies, at: now), into: &events)
        return TuneAnswer(
            level: request.level, effectivePolicy: effectivePolicy,
            allows: allowed(at: level, by: effectivePolicy.origin)
        )
    }

    /// Throws if the detector cannot apply these policies.
    func check(_ policies: PolicyTable) throws(ControlError) {
        if let refusal = detector.detector.refusal(of: policies) {
            throw ControlError(.invalidPolicy, refusal.description)
        }
        guard !policies.isTooLarge else {
            throw ControlError(
                .refused,
                "cannot set the policy: \(PolicyTable.maxScopes) groups and nodes have overrides already, the maximum")
        }
    }

    func level(named name: String, in policies: PolicyTable) throws(ControlError) -> Int {
        if let level = policies.level(named: name) { return level }
        let known = policies.levels.map(\.name).joined(separator: ", ")
        throw ControlError(
            .unknownLevel, "unknown level \"\(name.escapingControls)\": expected one of \(known)")
    }

    private mutating func pause(_ request: PauseRequest, at now: Instant) throws(ControlError) -> PauseAnswer {
        _ = try status(of: request.node, at: now)
        let until = now + request.duration
        detector.apply(
            .pause(NodeKey(of: request.node), until: until, reason: request.reason, at: now), into: &events)
        let civil = until.nanoseconds.addingSaturated(clocks.civilOffset)
        return PauseAnswer(node: request.node.description, until: Timestamp(unixNanoseconds: civil))
    }

    // MARK: Reconfiguration

    mutating func expect(_ identities: [NodeIdentity], at now: Instant) {
        for identity in identities {
            let key = NodeKey(of: identity)
            guard shard.contains(key), expected.insert(identity).inserted else { continue }
            detector.apply(.expectation(identity, key, until: now + joinWithin, at: now), into: &events)
        }
    }

    private mutating func apply(_ reload: Reload, at now: Instant) {
        let configuration = reload.configuration
        joinWithin = configuration.joinWithin
        let wanted = Set(configuration.expected)
        for identity in expected.subtracting(wanted) {
            detector.apply(.noExpectation(NodeKey(of: identity), at: now), into: &events)
        }
        expected.formIntersection(wanted)
        expect(configuration.expected, at: now)
        detector.apply(.rules(configuration.recovery, configuration.hold), into: &events)
        // Tuned policies are not in the configuration. They stay.
        var policies = configuration.policies
        for entry in detector.detector.policies.entries where entry.origin.source == .tune {
            policies.set(entry.policy, level: entry.level, from: entry.origin)
        }
        if policies.isTooLarge {
            logger.error(
                "reloaded policies not applied: together with the tuned ones they exceed the maximum number of overrides",
                metadata: ["max_overrides": "\(PolicyTable.maxScopes)"])
        } else {
            detector.apply(.policies(policies, at: now), into: &events)
        }
        if !reload.applied.isEmpty {
            publisher.put(.notice(.reloaded(reload.applied.joined(separator: "; ")), at: now))
        }
    }
}

extension HeartbeatOutcome {
    /// The outcome's name in replies.
    var name: String {
        switch self {
        case .fresh: "fresh"
        case .coalesced: "coalesced"
        case .duplicate: "duplicate"
        case .outOfOrder: "out-of-order"
        case .staleIncarnation: "stale-incarnation"
        case .implausibleJump: "implausible-jump"
        case .unknownGoodbye: "unknown-goodbye"
        case .tooManyNodes: "too-many-nodes"
        }
    }
}
