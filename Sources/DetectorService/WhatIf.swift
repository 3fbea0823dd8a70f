import HeartbeatProtocol
import PhiAccrual
import QualityOfService
import Replay
import Synchronization

/// Whether a question of what would be is being answered: one at a time is enough of that work.
final class WhatIfGate: Sendable {
    private let isTaken = Atomic(false)

    /// - Returns: False if there is one already.
    func begin() -> Bool { isTaken.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged }
    func end() { isTaken.store(false, ordering: .relaxed) }
}

/// What the detector was told of late, told once more: under the policies that hold now, and with another one among them.
/// Neither is that under which it decided then, if policies were tuned since.
struct WhatIf<Model: ArrivalModel>: Sendable {
    let recent: RecentInputs<Model>
    let order: WhatIfRequest
    /// The level's place among the detector's levels.
    let level: Int
    /// Those that hold now.
    let policies: PolicyTable
    /// The same with the policy that is asked for.
    let proposed: PolicyTable
    let now: Instant

    func answer() -> WhatIfAnswer {
        let effectivePolicy = policies.effectivePolicy(within: order.scope, level: level)
        let nodes = nodesMeant
        let before = evaluate(nodes, under: policies)
        let after = evaluate(nodes, under: proposed)
        return WhatIfAnswer(
            level: policies.levels[level].name, before: before.outcome(of: effectivePolicy.policy),
            after: after.outcome(of: order.policy),
            seconds: (now - recent.beginning.at).nanoseconds.seconds, nodes: before.quality.nodes)
    }

    /// Nil: all.
    private var nodesMeant: Set<NodeKey>? {
        guard order.scope != .everyone else { return nil }
        var keys = Set(
            recent.beginning.detector.identities.filter { order.scope.covers($0.identity) }.map(\.key))
        recent.forEachInput { input in
            switch input {
            case .announcement(let identity, let key, _), .expectation(let identity, let key, _, _):
                if order.scope.covers(identity) { keys.insert(key) }
            default: break
            }
        }
        return keys
    }

    private func evaluate(_ nodes: Set<NodeKey>?, under policies: PolicyTable) -> WhatIfResult {
        let (detector, start) = recent.beginning
        var (accumulator, mistakes) = (QualityAccumulator(), MistakeCount())
        var judged = ReplayedDetector(detector, at: start, level: level, under: { _ in policies }) {
            nodes?.contains($0) ?? true
        }
        recent.forEachInput { input in
            judged.apply(input, by: &accumulator) { _ in }
            for case .transition(let change) in judged.dequeueEvents() where change.level == level {
                if nodes?.contains(NodeKey(of: change.node)) ?? true { mistakes.count(change) }
            }
        }
        return WhatIfResult(quality: accumulator.quality.report(), mistakes: mistakes.count)
    }
}

/// How a detector did, and how many of its suspicions were mistakes: what was held back is none.
private struct WhatIfResult {
    var quality: QualityReport
    var mistakes: Int

    func outcome(of policy: Policy) -> WhatIfAnswer.Outcome {
        WhatIfAnswer.Outcome(
            policy: policy.description, mistakes: mistakes, heartbeats: quality.samples,
            meanDetectionSeconds: quality.detectionTime, p99DetectionSeconds: quality.detectionTimeP99)
    }
}

/// Suspicions that the same start of the node ended.
private struct MistakeCount {
    private(set) var count = 0
    private var suspected: [NodeIdentity: UInt32] = [:]  // incarnations

    mutating func count(_ change: Transition) {
        if change.to == .suspected {
            suspected[change.node] = change.incarnation
        } else if suspected.removeValue(forKey: change.node) == change.incarnation, change.to != .forgotten {
            count += 1
        }
    }
}
