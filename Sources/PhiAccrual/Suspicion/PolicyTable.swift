/// The policy of each level: a global one, and overrides for groups and single nodes.
///
/// Node settings override group settings, which override global ones. Within one scope, sources override each other:
/// `phi tune` overrides options, which override the environment, then the file, then the default.
public struct PolicyTable: Hashable, Sendable {
    /// A policy for a group or a node, or a global one that was tuned.
    public struct Entry: Hashable, Sendable {
        /// Index of the level in `levels`.
        public var level: Int
        public var policy: Policy
        public var origin: Origin
        public init(level: Int, policy: Policy, origin: Origin) {
            (self.level, self.policy, self.origin) = (level, policy, origin)
        }
    }
    /// A policy in effect, and where it comes from.
    public struct EffectivePolicy: Hashable, Sendable {
        public var policy: Policy
        public var origin: Origin
        public init(policy: Policy, origin: Origin = Origin(.standard)) {
            (self.policy, self.origin) = (policy, origin)
        }
    }

    /// All levels with their configured global policies, in order of rising certainty.
    public let levels: [Level]
    /// Everything that was set, in rising precedence: global, then for groups, then for nodes, each by name.
    public private(set) var entries: [Entry] = []
    /// The same, for look-ups.
    private var policies: [PolicyKey: Policy] = [:]
    private struct PolicyKey: Hashable {
        var level: Int
        var origin: Origin
    }

    /// - Precondition: Between one and eight levels, all with different names.
    public init(levels: [Level]) {
        precondition((1...8).contains(levels.count), "between one and eight levels")
        precondition(Set(levels.map(\.name)).count == levels.count, "level names are unique")
        self.levels = levels
    }

    /// Index of the level with this name; nil if no level has it.
    public func level(named name: String) -> Int? {
        levels.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// Sets a policy, or removes it if `policy` is nil. The configured global policies are part of `levels` and stay.
    public mutating func set(_ policy: Policy?, level: Int, from origin: Origin) {
        precondition(levels.indices.contains(level), "no such level")
        let place = PolicyKey(level: level, origin: origin)
        let before = policies[place]
        policies[place] = policy
        // Changes entries in place: with many of them, sorting all at each change would take long.
        let index = index(of: place)
        switch (before, policy) {
        case (nil, let policy?): entries.insert(Entry(level: level, policy: policy, origin: origin), at: index)
        case (.some, let policy?): entries[index].policy = policy
        case (.some, nil): entries.remove(at: index)
        case (nil, nil): break
        }
    }

    /// Index of the entry, or the index where it belongs.
    private func index(of place: PolicyKey) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = low + (high - low) / 2
            if entries[middle].isBefore(place.origin, level: place.level) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The configured global policies of all levels, and everything that was set.
    public var allPolicies: [Policy] { levels.map(\.policy) + entries.map(\.policy) }

    /// Whether no group and no node has its own policy.
    public var isUniform: Bool { entries.last.map { $0.origin.scope == .everyone } ?? true }

    /// Maximum number of groups and nodes with their own policies.
    public static let maxScopes = 60_000
    public var isTooLarge: Bool {
        entries.count > Self.maxScopes && Set(entries.map(\.origin.scope)).count > Self.maxScopes
    }

    /// The effective policy of a node at a level; `identity` is nil while the node's name is not known.
    public func effectivePolicy(_ identity: NodeIdentity?, level: Int) -> EffectivePolicy {
        effectivePolicy(within: identity.map { .node($0) } ?? .everyone, level: level)
    }

    /// The effective policy at a level: globally, for nodes of a group without their own policy, or for a node.
    public func effectivePolicy(within scope: PolicyScope, level: Int) -> EffectivePolicy {
        let scopes: [PolicyScope] =
            switch scope {
            case .everyone: []
            case .group: [scope]
            case .node(let identity): [scope, .group(identity.group)]
            }
        for scope in scopes + [.everyone] {
            for source in Origin.Source.allCases.reversed() {
                let origin = Origin(source, for: scope)
                if let policy = policies[PolicyKey(level: level, origin: origin)] {
                    return EffectivePolicy(policy: policy, origin: origin)
                }
            }
        }
        return EffectivePolicy(policy: levels[level].policy, origin: levels[level].origin)
    }
}

extension PolicyTable.Entry {
    fileprivate func isBefore(_ other: Origin, level otherLevel: Int) -> Bool {
        let (scope, otherScope) = (origin.scope.place, other.scope.place)
        if scope.kind != otherScope.kind { return scope.kind < otherScope.kind }
        // Compares bytes, because texts that look the same can be different names.
        for (name, otherName) in [(scope.group, otherScope.group), (scope.node, otherScope.node)]
        where !name.utf8.elementsEqual(otherName.utf8) {
            return name.utf8.lexicographicallyPrecedes(otherName.utf8)
        }
        let (source, otherSource) = (origin.source.precedence, other.source.precedence)
        return source == otherSource ? level < otherLevel : source < otherSource
    }
}

extension PolicyScope {
    /// Sort key of the scope.
    fileprivate var place: (kind: Int, group: String, node: String) {
        switch self {
        case .everyone: (0, "", "")
        case .group(let name): (1, name, "")
        case .node(let identity): (2, identity.group, identity.name)
        }
    }
}

extension Origin.Source {
    fileprivate var precedence: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
