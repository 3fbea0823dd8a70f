import PhiAccrual

/// After which silence the nodes for whom a policy holds are suspected, as far as their intervals are known.
public struct TimeoutRange: Codable, Hashable, Sendable {
    /// For how many nodes it holds.
    public var nodes: Int
    /// The shortest of their thresholds, the middle one, and the longest; nil while none is known.
    public var minSeconds: Double?
    public var medianSeconds: Double?
    public var maxSeconds: Double?

    public init(nodes: Int, minSeconds: Double?, medianSeconds: Double?, maxSeconds: Double?) {
        self.nodes = nodes
        (self.minSeconds, self.medianSeconds, self.maxSeconds) = (minSeconds, medianSeconds, maxSeconds)
    }
    /// - Parameter thresholds: Those that are known, in nanoseconds.
    public init(nodes: Int, thresholds: some Sequence<Int64>) {
        let ascending = thresholds.sorted()
        self.init(
            nodes: nodes, minSeconds: ascending.first?.seconds,
            medianSeconds: ascending.isEmpty ? nil : ascending[ascending.count / 2].seconds,
            maxSeconds: ascending.last?.seconds)
    }
    private enum CodingKeys: String, CodingKey {
        case nodes
        case minSeconds = "least_seconds"
        case medianSeconds = "median_seconds"
        case maxSeconds = "greatest_seconds"
    }
}

/// Answer to `tune` without a level: which policies hold, and for whom.
public struct PoliciesAnswer: Codable, Hashable, Sendable {
    /// A policy that was set for some, or by `tune`.
    public struct Override: Codable, Hashable, Sendable {
        public var level: String
        public var policy: String
        public var origin: String
        /// `default`, `file`, `environment`, `option`, or `tune`.
        public var source: String
        /// Nil where it is for everyone or for a node.
        public var group: String?
        /// As `group/name`; nil where it is for everyone or for a group.
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
    /// What holds for everyone, or for the node that was asked about.
    public var levels: [LevelPolicyStatus]
    /// All of them; where a node was asked about, those that concern it.
    public var overrides: [Override]
    /// As `group/name`, if one was asked about.
    public var node: String?

    public init(levels: [LevelPolicyStatus], overrides: [Override], node: NodeIdentity? = nil) {
        (self.levels, self.overrides, self.node) = (levels, overrides, node?.description)
    }
}

/// Answer to `tune` with a level: what holds there from now on.
public struct TuneAnswer: Codable, Hashable, Sendable {
    public var level: String
    public var policy: String
    public var origin: String
    /// What it allows those who were meant.
    public var allows: TimeoutRange

    public init(level: String, effectivePolicy: PolicyTable.EffectivePolicy, allows: TimeoutRange) {
        (self.level, self.policy, self.origin) = (
            level, effectivePolicy.policy.description, effectivePolicy.origin.description
        )
        self.allows = allows
    }
}

/// Answer to `what-if`: the service's own recent arrivals under the policy that holds, and under the one proposed.
public struct WhatIfAnswer: Codable, Hashable, Sendable {
    public struct Outcome: Codable, Hashable, Sendable {
        public var policy: String
        /// Suspicions of nodes that were up.
        public var mistakes: Int
        /// Those that were judged.
        public var heartbeats: Int
        /// From a crash to its suspicion, averaged over crashes at any time; nil if nothing was judged.
        public var meanDetectionSeconds: Double?
        /// What 99 of 100 crashes would be detected within.
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
    /// How long a time was gone through again.
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
            return nodes == 0 ? "no node" : "\(counted), not known yet"
        }
        if least == greatest { return "\(counted), after \(least.formattedDuration)" }
        return "\(counted), after \(least.formattedDuration) to \(greatest.formattedDuration), "
            + "half of them by \(median.formattedDuration)"
    }
    private var counted: String { "\(nodes) node\(nodes == 1 ? "" : "s")" }
}

extension TuneAnswer {
    public var sentence: String {
        "Level \(level): \(policy) (\(origin)) holds now. Suspected by silence: \(allows)."
    }
}

extension WhatIfAnswer {
    public var sentences: [String] {
        func detection(_ outcome: Outcome) -> String {
            guard let mean = outcome.meanDetectionSeconds else { return "nothing to judge by" }
            let p99 = outcome.p99DetectionSeconds.map { ", 99 % within \($0.formattedDuration)" } ?? ""
            return "crashes detected after \(mean.formattedDuration)\(p99)"
        }
        func line(_ time: String, _ outcome: Outcome) -> String {
            "\(time) \(outcome.policy): \(outcome.mistakes) mistake\(outcome.mistakes == 1 ? "" : "s") in "
                + "\(outcome.heartbeats) heartbeats, \(detection(outcome))"
        }
        return [
            "Level \(level), over the last \(seconds.formattedDuration) of \(nodes) node\(nodes == 1 ? "" : "s"):",
            line("now ", before), line("then", after),
        ]
    }
}
