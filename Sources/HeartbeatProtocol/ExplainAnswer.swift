import PhiAccrual

/// The effective policy at one level, and its consequences.
///
/// For a node: its state and its timeout. Without a node: the timeouts of the nodes that the policy applies to.
public struct LevelPolicyStatus: Codable, Hashable, Sendable {
    public var name: String
    public var policy: String
    /// Where the policy was set, and its scope: `default`, `tune, group edge`.
    public var origin: String
    /// For a node: its verdict.
    public var state: String?
    /// For a node: the timeout in seconds; nil while no interval is known.
    public var thresholdSeconds: Double?
    /// For a node: seconds until it is suspected if no heartbeat arrives; negative after that instant.
    public var secondsLeft: Double?
    /// Without a node: the timeouts that the policy gives.
    public var allows: TimeoutRange?

    public init(
        name: String, policy: String, origin: String, state: String? = nil, thresholdSeconds: Double? = nil,
        secondsLeft: Double? = nil, allows: TimeoutRange? = nil
    ) {
        (self.name, self.policy, self.origin, self.state) = (name, policy, origin, state)
        (self.thresholdSeconds, self.secondsLeft, self.allows) = (thresholdSeconds, secondsLeft, allows)
    }
    private enum CodingKeys: String, CodingKey {
        case name, policy, origin, state, allows
        case thresholdSeconds = "threshold_seconds"
        case secondsLeft = "seconds_left"
    }
}

/// Answer to `explain`: the current state of a node, and its last events.
public struct ExplainAnswer: Codable, Hashable, Sendable {
    public struct Pause: Codable, Hashable, Sendable {
        public var secondsLeft: Double
        public var reason: String
        public init(secondsLeft: Double, reason: String) { (self.secondsLeft, self.reason) = (secondsLeft, reason) }
        private enum CodingKeys: String, CodingKey {
            case reason
            case secondsLeft = "seconds_left"
        }
    }
    public var node: NodesAnswer.Node
    /// From the least to the most certain level.
    public var levels: [LevelPolicyStatus]
    /// The newest last; at most `verdictLimit`.
    public var verdicts: [EventMessage]
    /// Seconds since the node's connection closed; nil if it is not known to be closed.
    public var disconnectedSeconds: Double?
    /// The planned absence of the node, while it lasts.
    public var pause: Pause?
    /// Seconds since when suspicions of this node's group are held back; nil while they are not.
    public var heldSeconds: Double?

    public static let verdictLimit = 10

    public init(
        node: NodesAnswer.Node, levels: [LevelPolicyStatus], verdicts: [EventMessage],
        disconnectedSeconds: Double? = nil,
        pause: Pause? = nil, heldSeconds: Double? = nil
    ) {
        (self.node, self.levels, self.verdicts) = (node, levels, verdicts)
        (self.disconnectedSeconds, self.pause, self.heldSeconds) = (disconnectedSeconds, pause, heldSeconds)
    }
    private enum CodingKeys: String, CodingKey {
        case node, levels, verdicts, pause
        case disconnectedSeconds = "disconnected_seconds"
        case heldSeconds = "held_seconds"
    }
}

// MARK: For people

extension ExplainAnswer {
    /// The current situation in sentences.
    public var sentences: [String] { presence + levels.map(Self.sentence) + circumstances }

    private var presence: [String] {
        let name = node.node.map { "\(node.group ?? "-")/\($0)" } ?? "The node with key \(node.key)"
        guard let silence = node.silenceSeconds?.formattedDuration else {
            return ["\(name) is expected; no heartbeat received yet."]
        }
        return [heard(name, silence), missing.map { "\(basis) \($0)" } ?? basis]
    }

    private func heard(_ name: String, _ silence: String) -> String {
        guard let interval = node.expectedSeconds?.formattedDuration else {
            return "\(name) was last heard \(silence) ago."
        }
        return "\(name) was last heard \(silence) ago; a heartbeat is expected every \(interval)."
    }

    private var basis: String {
        guard let phi = node.phi?.formattedToThreeDigits else {
            return "Timeouts are estimated from \(counted(node.samples, "gap"))."
        }
        return "φ is \(phi), estimated from \(counted(node.samples, "gap"))."
    }

    private var missing: String? {
        node.missing == 0 ? nil : "Missing from this incarnation: \(counted(Int(node.missing), "heartbeat"))."
    }

    private static func sentence(_ level: LevelPolicyStatus) -> String {
        let (name, policy, origin) = (level.name, level.policy, level.origin)
        var state = level.state ?? "unknown"
        if state == "suspected", let left = level.secondsLeft, left < 0 {
            state = "suspected for \((-left).formattedDuration)"
        }
        guard let timeout = level.thresholdSeconds?.formattedDuration else {
            return "\(name): \(state). \(policy) (\(origin)): no timeout yet."
        }
        guard level.state == "trusted" || level.state == "learning", let left = level.secondsLeft else {
            return "\(name): \(state). \(policy) (\(origin)): timeout \(timeout)."
        }
        let time = abs(left).formattedDuration
        return left < 0
            ? "\(name): \(state). \(policy) (\(origin)): timeout \(timeout), exceeded \(time) ago."
            : "\(name): \(state). \(policy) (\(origin)): timeout \(timeout), reached in \(time) without a heartbeat."
    }

    private var circumstances: [String] {
        [
            disconnectedSeconds.map { "The node's connection closed \($0.formattedDuration) ago." },
            pause.map { pause in
                let time = pause.secondsLeft.formattedDuration
                return pause.reason.isEmpty
                    ? "Planned absence for another \(time)."
                    : "Planned absence for another \(time); reason: \(pause.reason)."
            },
            heldSeconds.map {
                "Suspicions of this node have been held for \($0.formattedDuration): many nodes fell silent at once."
            },
        ].compactMap(\.self)
    }
}
