import HeartbeatProtocol
import PhiAccrual

/// Selects events. A nil or empty field matches all events.
public struct EventFilter: Hashable, Sendable {
    public var level: String?
    public var group: String?
    /// Prefix of the names of the nodes.
    public var nodePrefix: String?
    /// Only transitions to one of these verdicts; if empty, all events.
    public var verdicts: Set<Verdict>

    public init(
        level: String? = nil, group: String? = nil, nodePrefix: String? = nil, verdicts: Set<Verdict> = []
    ) {
        (self.level, self.group, self.nodePrefix, self.verdicts) = (level, group, nodePrefix, verdicts)
    }

    public func admits(_ message: EventMessage) -> Bool {
        guard concerns(message) else { return false }
        guard !verdicts.isEmpty else { return true }
        if case .transition(let transition) = message { return verdicts.contains(transition.to) }
        return false
    }

    /// Whether the event concerns the selected nodes and level, whatever its verdict.
    public func concerns(_ message: EventMessage) -> Bool {
        switch message {
        case .transition(let transition):
            concerns(transition.level, transition.group, transition.node)
        case .notice(let notice):
            concerns(nil, notice.group, notice.node)
        }
    }

    private func concerns(_ level: String?, _ group: String?, _ node: String?) -> Bool {
        Self.isSpelled(level, self.level) && Self.isSpelled(group, self.group)
            && nodePrefix.map { node?.utf8.starts(with: $0.utf8) ?? false } ?? true
    }

    /// Whether both have the same bytes, as topics match; true if `wanted` is nil.
    private static func isSpelled(_ text: String?, _ wanted: String?) -> Bool {
        wanted.map { text?.utf8.elementsEqual($0.utf8) ?? false } ?? true
    }
}
