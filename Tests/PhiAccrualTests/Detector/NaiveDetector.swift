import PhiAccrual
import TestSupport

/// A reference detector in its simplest form: at every step it examines each node and emits each changed verdict.
///
/// It has no wheel, no slots, and no stored deadlines. Only the model is shared with `Detector`.
struct NaiveDetector {
    private struct Node {
        var name: String?
        var model: NormalModel
        var arrival: Int64?
        var incarnation: UInt32 = 0
        var sequence: UInt32 = 0
        var heard = 0
        var hasLeft = false
        var suspectedAt: Set<Int> = []  // levels
        /// The last heartbeat of a contending sender, and how many arrived in order since the node itself was heard.
        var contender: (last: Heartbeat, inOrder: Int)?

        func verdict(atLevel level: Int) -> Verdict {
            // No event is emitted for a node without a name: to subscribers it is still new.
            if name == nil || arrival == nil { return .new }
            if suspectedAt.contains(level) { return .suspected }
            if hasLeft { return .left }
            return heard < 3 ? .learning : .trusted
        }
    }
    private let thresholds: [Double]  // one per level
    private let window: Int
    private let retention: Int64?
    private var nodes: [NodeKey: Node] = [:]

    init(levels: [Level], window: Int, retention: Int64?) {
        (thresholds, self.window, self.retention) = (
            levels.map { NormalModel.threshold(for: $0.policy) }, window, retention
        )
    }

    mutating func announce(_ name: String, at now: Int64) -> [Emitted] {
        changing(.named(name), at: now) { $0.name = $0.name ?? name }
    }

    mutating func receive(_ heartbeat: Heartbeat, at now: Int64) -> [Emitted] {
        if nodes[heartbeat.key] == nil, heartbeat.isLeaving { return [] }
        let thresholds = thresholds
        return changing(heartbeat.key, at: now) { Self.apply(heartbeat, by: &$0, thresholds, at: now) }
    }

    mutating func advance(to now: Int64) -> [Emitted] {
        var emitted: [Emitted] = []
        while let (instant, key) = nodes.compactMap({ key, node in nextInstant(of: node).map { ($0, key) } })
            .min(by: { $0.0 < $1.0 }), instant <= now
        {
            let (thresholds, retention) = (thresholds, retention)
            var isForgotten = false
            emitted += changing(key, at: instant) { node in
                guard let arrival = node.arrival else { return }
                isForgotten = retention.map { instant >= arrival + $0 } ?? false
                guard !isForgotten else { return }
                for (level, threshold) in thresholds.enumerated() {
                    if let deadline = Self.deadline(of: node, threshold), deadline <= instant {
                        node.suspectedAt.insert(level)
                    }
                }
            }
            if isForgotten, let node = nodes.removeValue(forKey: key), let name = node.name {
                emitted += thresholds.indices.map {
                    .change(name, level: $0, node.verdict(atLevel: $0), .forgotten, at: instant)
                }
            }
        }
        return emitted
    }

    /// Applies a change to a node and emits the verdicts that differ from before.
    private mutating func changing(_ key: NodeKey, at now: Int64, _ change: (inout Node) -> Void) -> [Emitted] {
        let before = nodes[key] ?? Node(model: NormalModel(.init(window: window)))
        var after = before
        change(&after)
        nodes[key] = after
        guard let name = after.name else { return [] }
        return thresholds.indices.compactMap { level in
            let (from, to) = (before.verdict(atLevel: level), after.verdict(atLevel: level))
            return from == to ? nil : .change(name, level: level, from, to, at: now)
        }
    }

    private enum NodeState {
        case discarded
        /// It follows the newest accepted heartbeat.
        case next
        /// A schedule begins: a first heartbeat, a new incarnation, or a contending sender that was accepted.
        case first
    }
    private static func classify(of heartbeat: Heartbeat, to node: inout Node) -> NodeState {
        guard node.arrival != nil, heartbeat.incarnation <= node.incarnation else { return .first }
        let interval = node.model.expectedGap ?? heartbeat.announcedInterval
        let farthest = interval > 0 ? max(1000, .days(1) / interval) : 1000
        let ahead = Int64(Int32(bitPattern: heartbeat.sequence &- node.sequence))
        let isSameStart = heartbeat.incarnation == node.incarnation
        if isSameStart, (1...farthest).contains(ahead) { return .next }
        if isSameStart, ahead == 0 { return .discarded }

        var inOrder = 1
        if let contender = node.contender, contender.last.incarnation == heartbeat.incarnation {
            let further = Int64(Int32(bitPattern: heartbeat.sequence &- contender.last.sequence))
            if further == 0 { inOrder = contender.inOrder }
            if (1...farthest).contains(further) { inOrder = contender.inOrder + 1 }
        }
        node.contender = (heartbeat, inOrder)
        let isJump = isSameStart && ahead > 0
        return inOrder >= 3 && (isJump || node.hasLeft || !node.suspectedAt.isEmpty) ? .first : .discarded
    }

    private static func apply(_ heartbeat: Heartbeat, by node: inout Node, _ thresholds: [Double], at now: Int64) {
        switch classify(of: heartbeat, to: &node) {
        case .discarded: return
        case .next where !node.hasLeft:
            let step = Int64(heartbeat.sequence &- node.sequence)
            node.model.observe(Arrival(gap: now - (node.arrival ?? now), step: step))
            node.contender?.inOrder = 0
        case .next, .first:
            node.model.begin(announcedInterval: heartbeat.announcedInterval)
            node.contender = nil
        }
        (node.arrival, node.incarnation, node.sequence) = (now, heartbeat.incarnation, heartbeat.sequence)
        node.hasLeft = heartbeat.isLeaving
        if heartbeat.isLeaving {
            node.suspectedAt = []
        } else {
            node.heard += 1
            // A level whose new deadline has already passed keeps its suspicion.
            node.suspectedAt = node.suspectedAt.filter {
                node.model.timeout(until: thresholds[$0]).map { $0 < 0 } ?? false
            }
        }
    }

    private static func deadline(of node: Node, _ threshold: Double) -> Int64? {
        guard let arrival = node.arrival, !node.hasLeft, let timeout = node.model.timeout(until: threshold) else {
            return nil
        }
        return arrival + max(0, timeout)
    }
    private func nextInstant(of node: Node) -> Int64? {
        guard let arrival = node.arrival else { return nil }
        var instants = [retention.map { arrival + $0 }]
        for (level, threshold) in thresholds.enumerated() where !node.suspectedAt.contains(level) {
            instants.append(Self.deadline(of: node, threshold))
        }
        return instants.compactMap(\.self).min()
    }
}
