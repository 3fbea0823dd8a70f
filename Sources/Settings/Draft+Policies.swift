import PhiAccrual

// Levels, and what is said of groups and single nodes.

extension Draft {
    private enum GroupKey: String, CaseIterable { case levels, expect }
    private enum NodeKey: String, CaseIterable { case levels }

    mutating func takeLevels(_ value: Written) {
        let before = problems.count
        let stated = policies(of: value, "levels", for: .everyone)
        defer { hasBrokenLevels = hasBrokenLevels || problems.count > before }
        if stated.isEmpty, problems.count == before { note(value.place, "levels must name at least one level") }
        if stated.count > 8 { note(value.place, "there are \(stated.count) levels, and eight are the most") }
        levels = stated
    }

    mutating func takeGroups(_ value: Written) {
        for (entry, name) in names(of: value, "groups", right: "groups by name") {
            if let reason = NodeIdentity.invalidity(ofName: name) {
                note(entry.place, "\(InvalidName(part: "group", text: name, reason: reason))")
                continue
            }
            let path = "groups.\(name)"
            entries(of: entry.value, path, right: "levels and expect") { (draft, key: GroupKey, value) in
                switch key {
                case .levels: draft.takeOverrides(value, "\(path).levels", for: .group(name))
                case .expect: draft.takeExpected(value, "\(path).expect", group: name)
                }
            }
        }
    }

    mutating func takeNodes(_ value: Written) {
        for (entry, name) in names(of: value, "nodes", right: "nodes by group/name") {
            let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else {
                note(
                    entry.place,
                    "\"\(name.escapingControls)\" is no node: write its group and its name, as in edge/edge-1")
                continue
            }
            let node: NodeIdentity
            do { node = try NodeIdentity(group: parts[0], name: parts[1]) } catch {
                note(entry.place, "\(error)")
                continue
            }
            entries(of: entry.value, "nodes.\(name)", right: "levels") { (draft, key: NodeKey, value) in
                switch key {
                case .levels: draft.takeOverrides(value, "nodes.\(name).levels", for: .node(node))
                }
            }
        }
    }

    private mutating func takeOverrides(_ value: Written, _ path: String, for scope: PolicyScope) {
        for stated in policies(of: value, path, for: scope) {
            let key = Overridden(scope: scope, level: stated.level, source: stated.place.source)
            if let first = overridden.updateValue(stated.place, forKey: key) {
                note(stated.place, "level \"\(stated.level.escapingControls)\" is set twice, first at \(first)")
            }
            overrides.append(stated)
        }
    }

    private mutating func takeExpected(_ value: Written, _ path: String, group: String) {
        for (name, place) in items(of: value, path, right: "names of nodes") ?? [] {
            let node: NodeIdentity
            do { node = try NodeIdentity(group: group, name: name) } catch {
                note(place, "\(error)")
                continue
            }
            expected.append((node, place))
        }
    }

    /// Policies by names of levels: a mapping, or texts such as `suspect=phi=8`.
    private mutating func policies(of value: Written, _ path: String, for scope: PolicyScope) -> [StatedPolicy] {
        var stated: [StatedPolicy] = []
        func policy(_ draft: inout Draft, _ name: String, _ text: String, _ place: Place) {
            do {
                let level = try Level(name: name, policy: try Policy(parsing: text))
                if stated.contains(where: { $0.level == name }) {
                    draft.note(place, "two levels have one name, \"\(name.escapingControls)\"")
                } else {
                    stated.append(.init(level: name, policy: level.policy, scope: scope, place: place))
                }
            } catch {
                draft.note(place, "\(error)")
            }
        }
        if case .mapping(let entries) = value.content {
            for entry in entries {
                let right = "a policy such as mistakes=1/1d"
                guard let text = text(of: entry.value, "\(path).\(entry.key)", right: right) else { continue }
                policy(&self, entry.key, text, entry.place)
            }
        } else {
            for (item, place) in items(of: value, path, right: "policies by names of levels") ?? [] {
                guard let equals = item.firstIndex(of: "=") else {
                    note(place, "level \"\(item.escapingControls)\" has no policy: write for example 'suspect=phi=8'")
                    continue
                }
                policy(&self, String(item[..<equals]), String(item[item.index(after: equals)...]), place)
            }
        }
        return stated
    }
}
