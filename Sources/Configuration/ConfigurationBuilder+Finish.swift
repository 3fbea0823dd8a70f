import PhiAccrual

// Checks that need all sources.

extension ConfigurationBuilder {
    /// Completes the configuration and reports inconsistencies.
    mutating func finish(lateness: (String) throws -> LatenessProfile) {
        finishEndpoints()
        finishPolicies()
        finishExpected()
        if let name = configuration.profile, let location = locations["profile"] {
            applyProfile(name, at: location, lateness)
        }
        if let record = configuration.record {
            let isSet = locations.filter { $0.key.hasPrefix("record") }
            if record.folder.isEmpty, let location = isSet.values.min(by: { $0.order < $1.order }) {
                report(location, "record needs a folder to write to")
            }
            if let location = locations["record.total_size"] ?? locations["record.file_size"],
                record.totalSize < record.fileSize
            {
                let sizes = "\(ByteCount.notation(record.totalSize)) is below \(ByteCount.notation(record.fileSize))"
                report(location, "record.total_size must be at least record.file_size: \(sizes)")
            }
        }
    }

    private mutating func finishEndpoints() {
        for (endpoint, location) in endpoints.values.joined() {
            if let mistake = endpoint.mistake { report(location, mistake) }
        }
        // A service that connects to nodes binds no heartbeat endpoint by default.
        if locations["heartbeats"] == nil, !configuration.connect.isEmpty { configuration.heartbeats = [] }
        if let location = locations["heartbeats"], configuration.heartbeats.isEmpty, configuration.connect.isEmpty {
            report(location, "heartbeats names no endpoint, and connect none either: nobody could be heard")
        }
        for (key, list) in [("events", configuration.events), ("control", configuration.control)] where list.isEmpty {
            if let location = locations[key] { report(location, "\(key) must name at least one endpoint") }
        }
    }

    private mutating func finishPolicies() {
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
                    "no level is called \"\(policySettings.level.escapingControls)\": \(suggestion)")
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
            report(last.location, "more than \(PolicyTable.maxScopes) groups and nodes have policies of their own")
        }
        configuration.policies = policies
    }

    private mutating func finishExpected() {
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
            report(last.location, "\(count) nodes are expected, and limits.nodes is \(configuration.limits.nodes)")
        }
    }

    private mutating func applyProfile(
        _ name: String, at location: SourceLocation, _ lateness: (String) throws -> LatenessProfile
    ) {
        guard case .adaptive = configuration.model else {
            let others = "'\(configuration.model)' goes by nothing but the node itself"
            return report(location, "profile is for the detector 'adaptive': \(others)")
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
