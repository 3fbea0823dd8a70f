import PhiAccrual

/// Timeouts of the nodes that a policy applies to, as far as their intervals are known.
public struct TimeoutRange: Codable, Hashable, Sendable {
    /// Number of nodes that the policy applies to.
    public var nodes: Int
    /// The minimum, median, and maximum of their timeouts; nil while none is known.
    public var minSeconds: Double?
    public var medianSeconds: Double?
    public var maxSeconds: Double?

    public init(nodes: Int, minSeconds: Double?, medianSeconds: Double?, maxSeconds: Double?) {
        self.nodes = nodes
        (self.minSeconds, self.medianSeconds, self.maxSeconds) = (minSeconds, medianSeconds, maxSeconds)
    }
    /// - Parameter thresholds: The known timeouts, in nanoseconds.
    public init(nodes: Int, thresholds: some Sequence<Int64>) {
        let ascending = thresholds.sorted()
        self.init(
            nodes: nodes, minSeconds: ascending.first?.seconds,
            medianSeconds: ascending.isEmpty ? nil : ascending[ascending.count / 2].seconds,
            maxSeconds: ascending.last?.seconds)
    }
    private enum CodingKeys: String, CodingKey {
        case nodes
        case minSeconds = "min_seconds"
        case medianSeconds = "median_seconds"
        case maxSeconds = "max_seconds"
    }
}

/// Answer to `tune` without a level: the effective policies and their scopes.
public struct PoliciesAnswer: Codable, Hashable, Sendable {
    /// A policy that was set for a group or a node, or by `tune`.
    public struct Override: Codable, Hashable, Sendable {
        public var level: String
        public var policy: String
        public var origin: String
        /// `default`, `file`, `environment`, `option`, or `tune`.
        public var source: String
        /// Nil if the policy is global or for a node.
        public var group: String?
        /// As `group/name`; nil if the policy is global or for a group.
        public var node: String?
        public var allows: TimeoutRange?

        public init(level: String, policy: Policy, origin: Origin, allows: TimeoutRange? = nil) {
            (self.level, self.policy, self.origin) = (level, policy.description, origin.description)
            source = origin.source.rawValue
            switch origin.scope {
            case .everyone: (group, node) = (nil, nil)
            case .group(let name): (group, node) = (name, nil)
            case .node(let identity): (group, node) = (nil, identity.description)
            }
            self.allows = allows
        }
    }
    /// The global policies, or the effective policies of the requested node.
    public var levels: [LevelPolicyStatus]
    /// All overrides; if a node was requested, those that concern it.
    public var overrides: [Override]
    /// As `group/name`, if a node was requested.
    public var node: String?

    public init(levels: [LevelPolicyStatus], overrides: [Override], node: NodeIdentity? = nil) {
        (self.levels, self.overrides, self.node) = (levels, overrides, node?.description)
    }
}

/// Answer to `tune` with a level: the effective policy there from now on.
public struct TuneAnswer: Codable, Hashable, Sendable {
    public var level: String
    public var policy: String
    public var origin: String
    /// The timeouts of the nodes in the scope of the request.
    public var allows: TimeoutRange

    public init(level: String, effectivePolicy: PolicyTable.EffectivePolicy, allows: TimeoutRange) {
        (self.level, self.policy, self.origin) = (
            level, effectivePolicy.policy.description, effectivePolicy.origin.description
        )
        self.allows = allows
    }
}

/// Answer to `what-if`: the service's recent arrivals replayed under the effective policy and under the proposed one.
public struct WhatIfAnswer: Codable, Hashable, Sendable {
    public struct Outcome: Codable, Hashable, Sendable {
        public var policy: String
        /// Suspicions of nodes that were up: false suspicions.
        public var mistakes: Int
        /// Number of heartbeats evaluated.
        public var heartbeats: Int
        /// Mean time from a crash to its suspicion, over crashes at any instant; nil if nothing was evaluated.
        public var meanDetectionSeconds: Double?
        /// The detection time that 99 of 100 crashes would not exceed.
        public var p99DetectionSeconds: Double?

        public init(
            policy: String, mistakes: Int, heartbeats: Int, meanDetectionSeconds: Double?, p99DetectionSeconds: Double?
        ) {
            (self.policy, self.mistakes, self.heartbeats) = (policy, mistakes, heartbeats)
            (self.meanDetectionSeconds, self.p99DetectionSeconds) = (meanDetectionSeconds, p99DetectionSeconds)
        }
        private enum CodingKeys: String, CodingKey {
            case policy, mistakes, heartbeats
            case meanDetectionSeconds = "mean_detection_seconds"
            case p99DetectionSeconds = "p99_detection_seconds"
        }
    }
    public var level: String
    public var before: Outcome
    public var after: Outcome
    /// Length of the replayed time span.
    public var seconds: Double
    public var nodes: Int

    public init(level: String, before: Outcome, after: Outcome, seconds: Double, nodes: Int) {
        (self.level, self.before, self.after) = (level, before, after)
        (self.seconds, self.nodes) = (seconds, nodes)
    }
}

// MARK: For people

extension TimeoutRange: CustomStringConvertible {
    public var description: String {
        guard let least = minSeconds, let median = medianSeconds, let greatest = maxSeconds else {
            return nodes == 0 ? "no nodes" : "not known yet (\(counted(nodes, "node")))"
        }
        if least == greatest { return "\(least.formattedDuration) (\(counted(nodes, "node")))" }
        return "\(least.formattedDuration) to \(greatest.formattedDuration), median \(median.formattedDuration) "
            + "(\(counted(nodes, "node")))"
    }
}

extension TuneAnswer {
    public var sentence: String {
        "Level \(level): the effective policy is now \(policy) (\(origin)). Timeout: \(allows)."
    }
}

extension WhatIfAnswer {
    public var sentences: [String] {
        func detection(_ outcome: Outcome) -> String {
            guard let mean = outcome.meanDetectionSeconds else { return "no detection time" }
            guard let p99 = outcome.p99DetectionSeconds else {
                return "crashes detected after \(mean.formattedDuration)"
            }
            return "crashes detected after \(mean.formattedDuration), 99 % within \(p99.formattedDuration)"
        }
        func line(_ label: String, _ outcome: Outcome) -> String {
            "\(label) \(outcome.policy): \(counted(outcome.mistakes, "mistake")) in "
                + "\(counted(outcome.heartbeats, "heartbeat")), \(detection(outcome))"
        }
        return [
            "Level \(level), replay of the last \(seconds.formattedDuration), \(counted(nodes, "node")):",
            line("now ", before), line("then", after),
        ]
    }
}
