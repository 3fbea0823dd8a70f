import ArgumentParser
import HeartbeatProtocol
import PhiAccrual
import PhiClient

struct TuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Show or change policies while the detector runs.",
        discussion: """
            Without a setting, the command shows the policy of each level, its scope, its origin, and the timeouts \
            that it gives. A setting applies at once and overrides the configuration for the same nodes. Node settings \
            override group settings, which override global ones. --what-if changes nothing: the detector replays its \
            recent arrivals under the effective policy and under the proposed one.

            Examples:
            phi tune
            phi tune suspect=mistakes=1/7d,within=5s --group edge
            phi tune --unset suspect --group edge
            phi tune --what-if suspect=phi=10
            """)

    @Argument(help: "Setting LEVEL=POLICY, such as suspect=phi=10.", transform: Parsing.level)
    var setting: Level?
    @Option(help: "Remove the setting for this level.")
    var unset: String?
    @Option(
        help: "Evaluate a policy without applying it, such as phi=10 (for the first level) or evict=phi=10.",
        transform: Parsing.proposal)
    var whatIf: WhatIfRequest?
    @Option(help: "Only for this group.", transform: Parsing.group)
    var group: PolicyScope?
    @Option(help: "Only for this node, as group/name.", transform: Parsing.node)
    var node: NodeIdentity?
    @OptionGroup var service: RequestOptions

    /// The detector replays all of its recent arrivals twice, which takes longer than other requests.
    private static let whatIfTimeout: Duration = .seconds(120)

    func validate() throws {
        guard [setting != nil, unset != nil, whatIf != nil].count(where: \.self) <= 1 else {
            throw ValidationError("a setting, --unset, and --what-if cannot be combined: use one of them")
        }
        guard group == nil || node == nil else {
            throw ValidationError("--group and --node cannot be combined: use one of them")
        }
        guard group == nil || setting != nil || unset != nil || whatIf != nil else {
            throw ValidationError("--group needs a setting, --unset, or --what-if")
        }
    }

    func run() throws {
        if let setting {
            try tune(setting.name, setting.policy)
        } else if let unset {
            try tune(unset, nil)
        } else if var whatIf {
            whatIf.scope = scope
            try service.answer(.whatIf(whatIf), defaultTimeout: Self.whatIfTimeout) { (answer: WhatIfAnswer) in
                answer.sentences
            }
        } else {
            try service.answer(.policies(of: node), asText: Self.table)
        }
    }

    private func tune(_ level: String, _ policy: Policy?) throws {
        let request = TuneRequest(level: level, policy: policy, scope: scope)
        try service.answer(.tune(request)) { (answer: TuneAnswer) in [answer.sentence] }
    }

    private var scope: PolicyScope { node.map { .node($0) } ?? group ?? .everyone }

    private static func table(_ answer: PoliciesAnswer) -> [String] {
        let levels = answer.levels.map { level in
            row(level.name, answer.node ?? "all nodes", level.policy, level.origin, meaning(level))
        }
        let overrides = answer.overrides.map { override in
            row(
                override.level, override.node ?? override.group.map { "group \($0)" } ?? "all nodes", override.policy,
                override.origin, override.allows?.description ?? "-")
        }
        let head = row("LEVEL", "FOR", "POLICY", "SET BY", "TIMEOUT")
        // For a single node, the level rows already show its effective policies. Other overrides do not apply to it.
        return [head] + levels + (answer.node == nil ? overrides : [])
    }

    private static func row(
        _ level: String, _ scope: String, _ policy: String, _ origin: String, _ meaning: String
    ) -> String {
        "\(level.padded(to: 8)) \(scope.escapingControls.padded(to: 20)) \(policy.padded(to: 28)) "
            + "\(origin.padded(to: 20)) \(meaning)"
    }

    private static func meaning(_ level: LevelPolicyStatus) -> String {
        guard let threshold = level.thresholdSeconds else { return level.allows?.description ?? "-" }
        let timeout = threshold.formattedDuration
        guard let left = level.secondsLeft else { return timeout }
        return left < 0
            ? "\(timeout), exceeded \((-left).formattedDuration) ago"
            : "\(timeout), reached in \(left.formattedDuration)"
    }
}

extension Parsing {
    /// Parses a policy to try, with an optional level: `phi=10` or `evict=phi=10`.
    static func proposal(_ text: String) throws -> WhatIfRequest {
        if let policy = try? Policy(parsing: text) { return WhatIfRequest(policy: policy) }
        // Text that begins like a policy is parsed as one, so that the error message is about the policy.
        let name = text.prefix { $0 != "=" }
        guard !["phi", "price", "mistakes"].contains(name), text.contains("=") else {
            return WhatIfRequest(policy: try policy(text))
        }
        let level = try level(text)
        return WhatIfRequest(policy: level.policy, level: level.name)
    }
}
