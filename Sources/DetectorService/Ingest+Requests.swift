import HeartbeatProtocol
import PhiAccrual
import Settings
import SystemClocks

/// What is asked of the thread of heartbeats.
enum IngestRequest: Sendable {
    case status(ReplyAddress)
    case nodes(ReplyAddress, from: Int, limit: Int)
    case node(ReplyAddress, NodeKey)
    /// What holds from now on.
    case reload(Reload)
}

extension Ingest {
    mutating func answer(_ request: IngestRequest) {
        let now = MonotonicClock.now
        switch request {
        case .status(let address):
            feed.put(
                .status(
                    address,
                    IngestStatus(
                        nodes: detector.detector.nodeCount,
                        heartbeats: Dictionary(
                            uniqueKeysWithValues: Reception.allCases.map { ($0.name, detector.detector.receptions[$0]) }
                        ),
                        malformed: Dictionary(
                            uniqueKeysWithValues: intake.malformed.counts.map { ($0.rawValue, $1) }),
                        stampErrorSeconds: detector.detector.stampError.seconds)))
        case .nodes(let address, let cursor, let limit):
            let (page, next) = detector.detector.statuses(from: cursor, limit: limit, at: now)
            feed.put(.nodes(address, NodesAnswer(nodes: page.map { describe($0, at: now) }, cursor: next)))
        case .node(let address, let key):
            let answer = detector.detector.status(of: key, at: now).map {
                NodesAnswer(nodes: [describe($0, at: now)], cursor: nil)
            }
            feed.put(answer.map { .nodes(address, $0) } ?? .unknownNode(address))
        case .reload(let reload): follow(reload, at: now)
        }
        handOn()
    }

    private func describe(_ status: NodeStatus, at now: Instant) -> NodesAnswer.Node {
        NodesAnswer.Node(
            group: status.identity?.group, node: status.identity?.name, key: status.key.description,
            incarnation: status.incarnation, sequence: status.sequence, phi: status.phi,
            silenceSeconds: status.lastArrival.map { (now - $0).nanoseconds.seconds },
            expectedSeconds: status.expected?.seconds, missing: status.missing, discarded: status.discarded,
            samples: status.samples, labels: intake.labels(of: status.key),
            levels: Dictionary(
                uniqueKeysWithValues: zip(detector.detector.levels, status.levels).map { level, state in
                    (
                        level.name,
                        NodesAnswer.Node.AtLevel(
                            state: state.verdict.rawValue,
                            secondsLeft: state.deadline.map { ($0 - now).nanoseconds.seconds },
                            thresholdSeconds: state.wait?.seconds)
                    )
                }))
    }

    // MARK: What changes while it runs

    mutating func expect(_ identities: [NodeIdentity], at now: Instant) {
        for identity in identities where expected.insert(identity).inserted {
            detector.tell(
                .expectation(identity, NodeKey(of: identity), until: now + joinWithin, at: now), into: &events)
        }
    }

    private mutating func follow(_ reload: Reload, at now: Instant) {
        let configuration = reload.configuration
        joinWithin = configuration.joinWithin
        let wanted = Set(configuration.expected)
        for identity in expected.subtracting(wanted) {
            detector.tell(.noExpectation(NodeKey(of: identity), at: now), into: &events)
        }
        expected.formIntersection(wanted)
        expect(configuration.expected, at: now)
        detector.tell(.rules(configuration.recovery, configuration.hold), into: &events)
        // What was tuned is not in the configuration, and stays.
        var policies = configuration.policies
        for entry in detector.detector.policies.entries where entry.origin.source == .tune {
            policies.set(entry.policy, level: entry.level, from: entry.origin)
        }
        detector.tell(.policies(policies, at: now), into: &events)
        if !reload.applied.isEmpty {
            feed.put(.notice(.reloaded(reload.applied.joined(separator: "; ")), at: now))
        }
    }
}

extension Reception {
    /// As replies call it.
    var name: String {
        switch self {
        case .fresh: "fresh"
        case .repeated: "repeated"
        case .late: "late"
        case .olderIncarnation: "older-incarnation"
        case .implausibleJump: "implausible-jump"
        case .unknownGoodbye: "unknown-goodbye"
        case .tooManyNodes: "too-many-nodes"
        }
    }
}
