/// Which policy each level has: for everyone, and where groups or single nodes have their own.
///
/// What is said of a node goes before what is said of its group, and that before what is said of everyone. Of what is
/// said of the same nodes the later source holds: what was tuned goes before an option, that before the environment,
/// the file, and the default.
public struct PolicyBook: Hashable, Sendable {
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
    public struct Ruling: Hashable, Sendable {
        public var policy: Policy
        public var origin: Origin
        public init(policy: Policy, origin: Origin = Origin(.standard)) {
            (self.policy, self.origin) = (policy, origin)
        }
    }

    /// Every level with its policy for everyone as configured, from the least certain to the most.
    public let levels: [Level]
    private var policies: [Place: Policy] = [:]
    private struct Place: Hashable {
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
        policies[Place(level: level, origin: origin)] = policy
    }

    /// Everything that was set, in an order of its own that does not change.
    public var entries: [Entry] {
        policies.map { Entry(level: $0.level, policy: $1, origin: $0.origin) }
            .sorted { $0.place < $1.place }
    }

    /// Groups and nodes with policies of their own, at most.
    public static let mostScopes = 60_000
    public var isTooLarge: Bool { Set(policies.keys.map(\.origin.scope)).count > Self.mostScopes }

    /// What holds at a level for a node, or for one whose name is not known yet.
    public func ruling(_ identity: NodeIdentity?, level: Int) -> Ruling {
        ruling(within: identity.map { .node($0) } ?? .everyone, level: level)
    }

    /// What holds at a level for everyone, for those of a group who have nothing of their own, or for a node.
    public func ruling(within scope: PolicyScope, level: Int) -> Ruling {
        let scopes: [PolicyScope] =
            switch scope {
            case .everyone: []
            case .group: [scope]
            case .node(let identity): [scope, .group(identity.group)]
            }
        for scope in scopes + [.everyone] {
            for source in Origin.Source.allCases.reversed() {
                let origin = Origin(source, for: scope)
                if let policy = policies[Place(level: level, origin: origin)] {
                    return Ruling(policy: policy, origin: origin)
                }
            }
        }
        return Ruling(policy: levels[level].policy, origin: levels[level].origin)
    }
}

extension PolicyBook.Entry {
    /// Everyone, then groups, then nodes, each by name; in rising precedence.
    fileprivate var place: (scope: Int, group: ByBytes, node: ByBytes, source: Int, level: Int) {
        let source = Origin.Source.allCases.firstIndex(of: origin.source) ?? 0
        return switch origin.scope {
        case .everyone: (0, ByBytes(text: ""), ByBytes(text: ""), source, level)
        case .group(let name): (1, ByBytes(text: name), ByBytes(text: ""), source, level)
        case .node(let identity): (2, ByBytes(text: identity.group), ByBytes(text: identity.name), source, level)
        }
    }
}

/// A text in the order of its bytes, in which texts that only look the same differ.
private struct ByBytes: Comparable {
    var text: String
    static func == (a: ByBytes, b: ByBytes) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }
    static func < (a: ByBytes, b: ByBytes) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }
}
