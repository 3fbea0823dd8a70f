/// Which policy each level has: for everyone, and where groups or single nodes have their own.
///
/// What is said of a node goes before what is said of its group, and that before what is said of everyone. Of what is
/// said of the same nodes the later source holds: what was tuned goes before an option, that before the environment,
/// the file, and the default.
public struct PolicyTable: Hashable, Sendable {
    /// Policies for groups and nodes, and those tuned for everyone.
    public struct Entry: Hashable, Sendable {
        /// The level's place among `levels`.
        public var level: Int
        public var policy: Policy
        public var origin: Origin
        public init(level: Int, policy: Policy, origin: Origin) {
            (self.level, self.policy, self.origin) = (level, policy, origin)
        }
    }
    /// A policy that holds for somebody, with where it comes from.
    public struct EffectivePolicy: Hashable, Sendable {
        public var policy: Policy
        public var origin: Origin
        public init(policy: Policy, origin: Origin = Origin(.standard)) {
            (self.policy, self.origin) = (policy, origin)
        }
    }

    /// Every level with its policy for everyone as configured, from the least certain to the most.
    public let levels: [Level]
    /// Everything that was set: for everyone, then for groups, then for nodes, each by name; in rising precedence.
    public private(set) var entries: [Entry] = []
    /// The same, to be looked up.
    private var policies: [PolicyKey: Policy] = [:]
    private struct PolicyKey: Hashable {
        var level: Int
        var origin: Origin
    }

    /// - Precondition: Between one and eight levels, each with a name of its own.
    public init(levels: [Level]) {
        precondition((1...8).contains(levels.count), "between one and eight levels")
        precondition(Set(levels.map(\.name)).count == levels.count, "each level has a name of its own")
        self.levels = levels
    }

    /// The place of the level with this name; nil if there is none.
    public func level(named name: String) -> Int? {
        levels.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// Sets a policy, or takes it back if it is nil. What was configured for everyone is part of `levels`, and stays.
    public mutating func set(_ policy: Policy?, level: Int, from origin: Origin) {
        precondition(levels.indices.contains(level), "no such level")
        let place = PolicyKey(level: level, origin: origin)
        let before = policies[place]
        policies[place] = policy
        // In its place: to put all in order anew with each change would take long with many.
        let index = index(of: place)
        switch (before, policy) {
        case (nil, let policy?): entries.insert(Entry(level: level, policy: policy, origin: origin), at: index)
        case (.some, let policy?): entries[index].policy = policy
        case (.some, nil): entries.remove(at: index)
        case (nil, nil): break
        }
    }

    /// Where it is among the entries, or belongs.
    private func index(of place: PolicyKey) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = low + (high - low) / 2
            if entries[middle].isBefore(place.origin, level: place.level) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Those of all levels for everyone, and everything that was set.
    public var allPolicies: [Policy] { levels.map(\.policy) + entries.map(\.policy) }

    /// Whether no group and no node has a policy of its own.
    public var isUniform: Bool { entries.last.map { $0.origin.scope == .everyone } ?? true }

    /// Groups and nodes with policies of their own, at most.
    public static let maxScopes = 60_000
    public var isTooLarge: Bool {
        entries.count > Self.maxScopes && Set(entries.map(\.origin.scope)).count > Self.maxScopes
    }

    /// What holds at a level for a node, or for one whose name is not known yet.
    public func effectivePolicy(_ identity: NodeIdentity?, level: Int) -> EffectivePolicy {
        effectivePolicy(within: identity.map { .node($0) } ?? .everyone, level: level)
    }

    /// What holds at a level for everyone, for those of a group who have nothing of their own, or for a node.
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
        // By bytes, since texts that only look the same are two names.
        for (name, otherName) in [(scope.group, otherScope.group), (scope.node, otherScope.node)]
        where !name.utf8.elementsEqual(otherName.utf8) {
            return name.utf8.lexicographicallyPrecedes(otherName.utf8)
        }
        let (source, otherSource) = (origin.source.precedence, other.source.precedence)
        return source == otherSource ? level < otherLevel : source < otherSource
    }
}

extension PolicyScope {
    /// What it is put in order by.
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
