import Evaluation
import HeartbeatProtocol
import PhiAccrual
import Synchronization

/// Admits one what-if request at a time, since each takes much work.
final class WhatIfGate: Sendable {
    private let isTaken = Atomic(false)

    /// - Returns: False if another request is being answered.
    func begin() -> Bool { isTaken.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged }
    func end() { isTaken.store(false, ordering: .relaxed) }
}

/// Applies the recent inputs twice: under the present policies, and with another policy among them. If policies were
/// tuned in that time, neither run repeats the decisions made then.
struct WhatIf<Model: ArrivalModel>: Sendable {
    let recent: RecentInputs<Model>
    let request: WhatIfRequest
    /// Index of the level in the detector's levels.
    let level: Int
    /// The present policies.
    let policies: PolicyTable
    /// The same with the requested policy.
    let proposed: PolicyTable
    let now: Instant

    func answer() -> WhatIfAnswer {
        let effectivePolicy = policies.effectivePolicy(within: request.scope, level: level)
        let nodes = selectedNodes
        let before = evaluate(nodes, under: policies)
        let after = evaluate(nodes, under: proposed)
        return WhatIfAnswer(
            level: policies.levels[level].name, before: before.outcome(of: effectivePolicy.policy),
            after: after.outcome(of: request.policy),
            seconds: (now - recent.beginning.at).nanoseconds.seconds, nodes: before.quality.nodes)
    }

    /// Nil: all nodes.
    private var selectedNodes: Set<NodeKey>? {
        guard request.scope != .everyone else { return nil }
        var keys = Set(
            recent.beginning.detector.identities.filter { request.scope.covers($0.identity) }.map(\.key))
        recent.forEachInput { input in
            switch input {
            case .announcement(let identity, let key, _), .expectation(let identity, let key, _, _):
                if request.scope.covers(identity) { keys.insert(key) }
            default: break
            }
        }
        return keys
    }

    private func evaluate(_ nodes: Set<NodeKey>?, under policies: PolicyTable) -> WhatIfResult {
        let (detector, start) = recent.beginning
        var (accumulator, endings) = (QualityAccumulator(), SuspicionEndings<NodeIdentity>())
        var judged = ReplayedDetector(detector, at: start, level: level, under: { _ in policies }) {
            nodes?.contains($0) ?? true
        }
        recent.forEachInput { input in
            judged.apply(input, by: &accumulator) { _ in }
            for case .transition(let change) in judged.dequeueEvents() where change.level == level {
                if nodes?.contains(NodeKey(of: change.node)) ?? true {
                    endings.apply(change.to, of: change.node, incarnation: change.incarnation)
                }
            }
        }
        return WhatIfResult(quality: accumulator.quality.report(), mistakes: endings.mistakes)
    }
}

/// Quality of a detector, and how many of its suspicions were mistakes. A held suspicion is no mistake.
private struct WhatIfResult {
    var quality: QualityReport
    var mistakes: Int

    func outcome(of policy: Policy) -> WhatIfAnswer.Outcome {
        WhatIfAnswer.Outcome(
            policy: policy.description, mistakes: mistakes, heartbeats: quality.samples,
            meanDetectionSeconds: quality.detectionTime, p99DetectionSeconds: quality.detectionTimeP99)
    }
}
