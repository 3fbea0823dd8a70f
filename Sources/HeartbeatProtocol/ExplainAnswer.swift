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
        guard let silence = node.silenceSeconds else { return ["\(name) is expected, and was not heard yet."] }
        let next = node.expectedSeconds.map { ", and is expected every \($0.formattedDuration)" } ?? ""
        let phi = node.phi.map { "φ is \($0.formattedToThreeDigits), judged by" } ?? "Judged by"
        let missing = node.missing == 0 ? "" : "; \(counted(Int(node.missing), "heartbeat")) of this start missing"
        return [
            "\(name) was last heard \(silence.formattedDuration) ago\(next).",
            "\(phi) \(counted(node.samples, "gap"))\(missing).",
        ]
    }

    private static func sentence(_ level: LevelPolicyStatus) -> String {
        let since = level.secondsLeft.map { $0 < 0 ? " for \((-$0).formattedDuration)" : "" } ?? ""
        let state = (level.state ?? "unknown") + (level.state == "suspected" ? since : "")
        return "\(level.name): \(state). \(level.policy) (\(level.origin)) \(consequence(level))."
    }

    /// What the policy means for the node.
    private static func consequence(_ level: LevelPolicyStatus) -> String {
        guard let silence = level.thresholdSeconds?.formattedDuration else { return "holds" }
        guard level.state == "trusted" || level.state == "learning", let left = level.secondsLeft else {
            return "allows \(silence) of silence"
        }
        let moment =
            left < 0 ? "which is over since \((-left).formattedDuration)" : "\(left.formattedDuration) from now"
        return "suspects it after \(silence) of silence, \(moment)"
    }

    private var circumstances: [String] {
        [
            disconnectedSeconds.map { "Its connection was closed \($0.formattedDuration) ago." },
            pause.map { pause in
                let reason = pause.reason.isEmpty ? "" : ": \(pause.reason)"
                return "Its absence is planned, for another \(pause.secondsLeft.formattedDuration)\(reason)."
            },
            heldSeconds.map {
                "So many fell silent at once \($0.formattedDuration) ago that suspicions are held back."
            },
        ].compactMap(\.self)
    }

    private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
