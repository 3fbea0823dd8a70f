import HeartbeatProtocol
import PhiAccrual
import QualityOfService
import Replay
import Synchronization

/// Whether a question of what would be is being answered: one at a time is enough of that work.
final class Asking: Sendable {
    private let isTaken = Atomic(false)

    /// - Returns: False if there is one already.
    func begin() -> Bool { isTaken.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged }
    func end() { isTaken.store(false, ordering: .relaxed) }
}

/// What the detector was told of late, told once more: under the policies that hold now, and with another one among them.
/// Neither is that under which it decided then, if policies were tuned since.
struct WhatIf<Model: ArrivalModel>: Sendable {
    let recent: RecentInputs<Model>
    let order: WhatIfOrder
    /// The level's place among the detector's levels.
    let level: Int
    /// Those that hold now.
    let policies: PolicyBook
    /// The same with the policy that is asked for.
    let proposed: PolicyBook
    let now: Instant

    func answer() -> WhatIfAnswer {
        let ruling = policies.ruling(within: order.scope, level: level)
        let nodes = nodesMeant
        let before = judge(nodes, under: policies)
        let after = judge(nodes, under: proposed)
        return WhatIfAnswer(
            level: policies.levels[level].name, before: before.outcome(of: ruling.policy),
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
            case .introduction(let identity, let key, _), .expectation(let identity, let key, _, _):
                if order.scope.covers(identity) { keys.insert(key) }
            default: break
            }
        }
        return keys
    }

    private func judge(_ nodes: Set<NodeKey>?, under book: PolicyBook) -> Judgement {
        let (detector, start) = recent.beginning
        var (jury, mistakes) = (Jury(), MistakeCount())
        var judged = JudgedDetector(detector, at: start, level: level, under: { _ in book }) {
            nodes?.contains($0) ?? true
        }
        recent.forEachInput { input in
            judged.take(input, by: &jury) { _ in }
            for case .transition(let change) in judged.takeEvents() where change.level == level {
                if nodes?.contains(NodeKey(of: change.node)) ?? true { mistakes.count(change) }
            }
        }
        return Judgement(quality: jury.quality.report(), mistakes: mistakes.count)
    }
}

/// How a detector did, and how many of its suspicions were mistakes: what was held back is none.
private struct Judgement {
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
