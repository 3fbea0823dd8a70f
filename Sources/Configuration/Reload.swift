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
        func apply<Value: Equatable>(
            _ part: WritableKeyPath<ServiceConfiguration, Value>, _ sentence: (Value) -> String
        ) {
            guard self[keyPath: part] != old[keyPath: part] else { return }
            reload.configuration[keyPath: part] = self[keyPath: part]
            reload.applied.append(sentence(self[keyPath: part]))
        }
        func refuse<Value: Equatable>(_ part: KeyPath<ServiceConfiguration, Value>, _ key: String) {
            guard self[keyPath: part] != old[keyPath: part] else { return }
            reload.refused.append("\(key) changes with a restart only, and stays as it was")
        }

        let names = (old: old.levels.map(\.name), new: levels.map(\.name))
        if names.old == names.new, policies.allPolicies.contains(where: { old.model.refusal(of: $0) != nil }) {
            // The policies are valid for the newly configured detector, not for the running one.
            reload.refused.append("policies change with the detector, and stay as they were until a restart")
        } else if names.old == names.new {
            apply(\.policies) { _ in "policies of levels, groups and nodes are as configured now" }
        } else {
            let kept = names.old.map(\.escapingControls).joined(separator: ", ")
            reload.refused.append(
                "names and order of levels change with a restart only: they stay \(kept), with the policies that they had"
            )
        }
        apply(\.expected) { "\($0.count) nodes are expected now, \(old.expected.count) before" }
        apply(\.joinWithin) { "an expected node may take \($0.notation) to be heard first now" }
        apply(\.hold) { $0 == nil ? "mass silence is believed now" : "mass silence is doubted by another rule now" }
        apply(\.recovery) { _ in "suspected nodes are trusted again by another rule now" }
        refuse(\.heartbeats, "heartbeats")
        refuse(\.connect, "connect")
        refuse(\.shard, "shard")
        refuse(\.events, "events")
        refuse(\.control, "control")
        refuse(\.model.description, "detector")
        // A description omits the profile: the name may be the same while the file's content changed.
        if model.description == old.model.description { refuse(\.model, "profile") }
        refuse(\.retention, "retention")
        refuse(\.state, "state")
        refuse(\.record, "record")
        refuse(\.limits, "limits")
        refuse(\.log, "log")
        return reload
    }
}
