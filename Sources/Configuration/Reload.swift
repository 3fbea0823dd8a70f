import PhiAccrual

/// The effect of reading a configuration again while the service runs.
public struct Reload: Hashable, Sendable {
    /// The configuration from now on: the old one with every change that needs no restart.
    public var configuration: ServiceConfiguration
    /// A sentence for each applied change.
    public var applied: [String] = []
    /// A sentence for each change that needs a restart and is not applied.
    public var refused: [String] = []
}

extension ServiceConfiguration {
    /// How far a running service can change from `old` to this configuration.
    public func changes(from old: ServiceConfiguration) -> Reload {
        var reload = Reload(configuration: old)
        for key in ConfigurationKey.all {
            if case .applied(let apply) = key.reload { apply(self, &reload) }
        }
        for key in ConfigurationKey.all {
            let isChanged =
                switch key.reload {
                case .applied, .appliedWithAnotherKey: false
                case .restart: !key.codec.isEqual(self, old)
                case .restartIf(let isChanged): isChanged(self, old)
                }
            if isChanged {
                reload.refused.append("\(key.name) needs a restart to change: the old value stays in effect")
            }
        }
        return reload
    }
}

extension ReloadRule {
    /// Applies the policies of levels, groups, and nodes, if the running detector supports them and its levels stay.
    static let policies = ReloadRule.applied { new, reload in
        let old = reload.configuration
        let names = (old: old.levels.map(\.name), new: new.levels.map(\.name))
        guard names.old == names.new else {
            let kept = names.old.map(\.escapingControls).joined(separator: ", ")
            reload.refused.append(
                "names and order of levels need a restart to change: the levels stay \(kept), with their old policies"
            )
            return
        }
        guard !new.policies.allPolicies.contains(where: { old.model.refusal(of: $0) != nil }) else {
            // The policies are valid for the newly configured detector, not for the running one.
            reload.refused.append(
                "policies do not fit the running detector: the old ones stay in effect until a restart")
            return
        }
        guard new.policies != old.policies else { return }
        reload.configuration.policies = new.policies
        reload.applied.append("policies of levels, groups, and nodes changed")
    }
}
