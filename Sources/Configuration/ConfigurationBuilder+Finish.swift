import PhiAccrual

// Checks that need all sources.

extension ConfigurationBuilder {
    /// Completes the configuration and reports inconsistencies.
    mutating func finish(lateness: (String) throws -> LatenessProfile) {
        for key in ConfigurationKey.all {
            for check in key.codec.checks { check(&self, key.path, lateness) }
        }
    }

    mutating func checkRecord() {
        guard let record = configuration.record else { return }
        let isSet = locations.filter { $0.key.hasPrefix("record") }
        if record.folder.isEmpty, let location = isSet.values.min(by: { $0.order < $1.order }) {
            report(location, "record needs a folder: set record.folder")
        }
        if let location = locations["record.total_size"] ?? locations["record.file_size"],
            record.totalSize < record.fileSize
        {
            let (totalSize, fileSize) = (ByteCount.notation(record.totalSize), ByteCount.notation(record.fileSize))
            report(
                location,
                "record.total_size must be at least record.file_size, but \(totalSize) is less than \(fileSize)")
        }
    }

    mutating func finishPolicies() {
        guard !hasBrokenLevels else { return }
        let policySettings = levels?.compactMap { policySettings in
            try? Level(name: policySettings.level, policy: policySettings.policy).set(
                by: policySettings.location.source)
        }
        var policies = PolicyTable(levels: policySettings ?? Level.standard(for: configuration.model))
        for policySettings in overrides {
            guard let level = policies.level(named: policySettings.level) else {
                let suggestion = policySettings.level.suggestion(from: policies.levels.map(\.name))
                report(
                    policySettings.location,
                    "unknown level \"\(policySettings.level.escapingControls)\": \(suggestion)")
                continue
            }
            policies.set(
                policySettings.policy, level: level,
                from: Origin(policySettings.location.source, for: policySettings.scope))
        }
        for policySettings in (levels ?? []) + overrides {
            if let reason = configuration.model.refusal(of: policySettings.policy) {
                report(
                    policySettings.location, "\(InvalidPolicy(text: policySettings.policy.description, reason: reason))"
                )
            }
        }
        if policies.isTooLarge, let last = overrides.last {
            report(
                last.location, "policies are set for more than \(PolicyTable.maxScopes) groups and nodes, the maximum")
        }
        configuration.policies = policies
    }

    mutating func finishExpected() {
        var known: [NodeIdentity: SourceLocation] = [:]
        for (node, location) in expected {
            if let other = known[node] {
                if other.source == location.source {
                    report(location, "node \"\("\(node)".escapingControls)\" is expected twice, first at \(other)")
                }
            } else {
                known[node] = location
                configuration.expected.append(node)
            }
        }
        if let last = expected.last, configuration.expected.count > configuration.limits.nodes {
            let count = configuration.expected.count
            report(last.location, "\(count) nodes are expected, but limits.nodes is only \(configuration.limits.nodes)")
        }
    }

    mutating func applyProfile(
        _ name: String, at location: SourceLocation, _ lateness: (String) throws -> LatenessProfile
    ) {
        guard configuration.model.isAdaptive else {
            return report(
                location, "profile needs the detector 'adaptive', but the detector is '\(configuration.model)'")
        }
        do { configuration.model = .adaptive(.init(profile: try lateness(name))) } catch {
            report(location, "\(error)")
        }
    }
}

extension DetectorSpec {
    /// Why this detector cannot follow a policy; nil if it can.
    func refusal(of policy: Policy) -> String? {
        struct CapabilityCheck: ModelVisitor {
            typealias Outcome = String?
            let policy: Policy
            func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) -> String? {
                Model.refusal(of: policy)
            }
        }
        var question = CapabilityCheck(policy: policy)
        return (try? open(&question)) ?? nil
    }
}
