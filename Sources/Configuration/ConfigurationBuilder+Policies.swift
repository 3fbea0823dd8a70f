import PhiAccrual

// Levels, and the settings of groups and single nodes.

extension ConfigurationBuilder {
    mutating func parseLevels(_ value: RawValue) {
        let before = problems.count
        let policySettings = policies(of: value, "levels", for: .everyone)
        defer { hasBrokenLevels = hasBrokenLevels || problems.count > before }
        if policySettings.isEmpty, problems.count == before {
            report(value.location, "levels must name at least one level")
        }
        if policySettings.count > 8 {
            report(value.location, "there are \(policySettings.count) levels, but at most 8 are possible")
        }
        levels = policySettings
    }

    mutating func parseGroups(_ value: RawValue) {
        for (entry, name) in names(of: value, "groups", expected: "a mapping of groups by name") {
            if let reason = NodeIdentity.invalidity(ofName: name) {
                report(entry.location, "\(InvalidName(part: "group", text: name, reason: reason))")
                continue
            }
            let path = "groups.\(name)"
            entries(of: entry.value, path, expected: "a mapping with levels and expect", keys: ["levels", "expect"]) {
                builder, key, value in
                if key == "levels" {
                    builder.parseOverrides(value, "\(path).levels", for: .group(name))
                } else {
                    builder.parseExpected(value, "\(path).expect", group: name)
                }
            }
        }
    }

    mutating func parseNodes(_ value: RawValue) {
        for (entry, name) in names(of: value, "nodes", expected: "a mapping of nodes by group/name") {
            let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else {
                report(
                    entry.location,
                    "\"\(name.escapingControls)\" is not a node: write its group and name, such as edge/edge-1")
                continue
            }
            let node: NodeIdentity
            do { node = try NodeIdentity(group: parts[0], name: parts[1]) } catch {
                report(entry.location, "\(error)")
                continue
            }
            entries(of: entry.value, "nodes.\(name)", expected: "a mapping with levels", keys: ["levels"]) {
                builder, _, value in
                builder.parseOverrides(value, "nodes.\(name).levels", for: .node(node))
            }
        }
    }

    private mutating func parseOverrides(_ value: RawValue, _ path: String, for scope: PolicyScope) {
        for policySettings in policies(of: value, path, for: scope) {
            let key = OverrideKey(scope: scope, level: policySettings.level, source: policySettings.location.source)
            if let first = overridden.updateValue(policySettings.location, forKey: key) {
                report(
                    policySettings.location,
                    "level \"\(policySettings.level.escapingControls)\" is set twice, first at \(first)")
            }
            overrides.append(policySettings)
        }
    }

    private mutating func parseExpected(_ value: RawValue, _ path: String, group: String) {
        for (name, location) in items(of: value, path, expected: "a list of node names") ?? [] {
            let node: NodeIdentity
            do { node = try NodeIdentity(group: group, name: name) } catch {
                report(location, "\(error)")
                continue
            }
            expected.append((node, location))
        }
    }

    /// Policies by level name: a mapping, or texts such as `suspect=phi=8`.
    private mutating func policies(of value: RawValue, _ path: String, for scope: PolicyScope) -> [PolicySetting] {
        var policySettings: [PolicySetting] = []
        func policy(_ builder: inout ConfigurationBuilder, _ name: String, _ text: String, _ location: SourceLocation) {
            do {
                let level = try Level(name: name, policy: try Policy(parsing: text))
                if policySettings.contains(where: { $0.level == name }) {
                    builder.report(location, "level \"\(name.escapingControls)\" is defined twice")
                } else {
                    policySettings.append(.init(level: name, policy: level.policy, scope: scope, location: location))
                }
            } catch {
                builder.report(location, "\(error)")
            }
        }
        if case .mapping(let entries) = value.content {
            for entry in entries {
                let expected = "a policy such as mistakes=1/1d"
                guard let text = text(of: entry.value, "\(path).\(entry.key)", expected: expected) else { continue }
                policy(&self, entry.key, text, entry.location)
            }
        } else {
            for (item, location) in items(of: value, path, expected: "a mapping of levels to policies") ?? [] {
                guard let equals = item.firstIndex(of: "=") else {
                    report(
                        location, "level \"\(item.escapingControls)\" has no policy: write for example 'suspect=phi=8'")
                    continue
                }
                policy(&self, String(item[..<equals]), String(item[item.index(after: equals)...]), location)
            }
        }
        return policySettings
    }
}
