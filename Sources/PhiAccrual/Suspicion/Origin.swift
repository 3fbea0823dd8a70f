/// The nodes that a policy applies to.
public enum PolicyScope: Hashable, Sendable {
    case everyone
    case group(String)
    case node(NodeIdentity)

    public func covers(_ identity: NodeIdentity) -> Bool {
        switch self {
        case .everyone: true
        case .group(let name): identity.group.utf8.elementsEqual(name.utf8)
        case .node(let node): identity == node
        }
    }

    // Compares bytes, as `NodeIdentity` does.
    public static func == (a: PolicyScope, b: PolicyScope) -> Bool {
        switch (a, b) {
        case (.everyone, .everyone): true
        case (.group(let a), .group(let b)): a.utf8.elementsEqual(b.utf8)
        case (.node(let a), .node(let b)): a == b
        default: false
        }
    }
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .everyone: hasher.combine(0)
        case .group(let name): for byte in name.utf8 { hasher.combine(byte) }
        case .node(let identity): hasher.combine(identity)
        }
    }
}

/// Where a policy was set, and the nodes that it applies to.
public struct Origin: Hashable, Sendable, CustomStringConvertible {
    /// In rising precedence: of two policies for the same scope, the later source overrides the earlier one.
    public enum Source: String, Hashable, Sendable, CaseIterable {
        case standard = "default"
        case file
        case environment
        case option
        /// Set by `phi tune` while the service runs.
        case tune
    }
    public var source: Source
    public var scope: PolicyScope

    public init(_ source: Source, for scope: PolicyScope = .everyone) { (self.source, self.scope) = (source, scope) }

    public var description: String {
        switch scope {
        case .everyone: source.rawValue
        case .group(let name): "\(source.rawValue), group \(name)"
        case .node(let identity): "\(source.rawValue), node \(identity)"
        }
    }
}
