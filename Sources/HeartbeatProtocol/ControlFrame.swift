/// A question or an order to the service, as it stands on the wire: `{"id": 1, "do": "events", "since": 41}`.
///
/// Anything may stand there; `order()` says what it means, and what is wrong with it.
public struct ControlFrame: Codable, Hashable, Sendable {
    /// What can be asked for.
    public enum Action: String, Hashable, Sendable, CaseIterable {
        case status, nodes, events, snapshot, explain, tune
        case whatIf = "what-if"
        case pause, resume, forget, record
    }
    /// Comes back with the reply. A number, here; requests without one get 0.
    public var id: Int64
    /// What is asked for; names that a service does not know are answered with an error.
    public var action: String
    /// `events`, `snapshot`: only what is later than this sequence.
    public var since: UInt64?
    /// `events`, `snapshot`: the log that `since` counts in.
    public var epoch: UInt64?
    /// `events`, `snapshot`: only topics that start so.
    public var prefix: String?
    /// `nodes`: from this cursor on.
    public var cursor: Int?
    /// At most so many answers at once.
    public var limit: Int?
    /// The node that it is about, as `group/name`.
    public var node: String?
    /// `tune`, `what-if`: the group that it is about.
    public var group: String?
    /// `tune`, `what-if`: the level that it is about.
    public var level: String?
    /// `tune`, `what-if`: the policy to set, or to try, in the notation of `Policy`.
    public var policy: String?
    /// `tune`: take back what was set.
    public var unset: Bool?
    /// `pause`: for how long.
    public var seconds: Double?
    /// `pause`: why, for people.
    public var reason: String?
    /// `record`: begin, or end.
    public var on: Bool?

    private enum CodingKeys: String, CodingKey {
        case id, since, epoch, prefix, cursor, limit, node, group, level, policy, unset, seconds, reason, on
        case action = "do"
    }

    public init(id: Int64, action: String) { (self.id, self.action) = (id, action) }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        id = try object.decodeIfPresent(Int64.self, forKey: .id) ?? 0
        action = try object.decode(String.self, forKey: .action)
        since = try object.decodeIfPresent(UInt64.self, forKey: .since)
        epoch = try object.decodeIfPresent(UInt64.self, forKey: .epoch)
        prefix = try object.decodeIfPresent(String.self, forKey: .prefix)
        cursor = try object.decodeIfPresent(Int.self, forKey: .cursor)
        limit = try object.decodeIfPresent(Int.self, forKey: .limit)
        node = try object.decodeIfPresent(String.self, forKey: .node)
        group = try object.decodeIfPresent(String.self, forKey: .group)
        level = try object.decodeIfPresent(String.self, forKey: .level)
        policy = try object.decodeIfPresent(String.self, forKey: .policy)
        unset = try object.decodeIfPresent(Bool.self, forKey: .unset)
        seconds = try object.decodeIfPresent(Double.self, forKey: .seconds)
        reason = try object.decodeIfPresent(String.self, forKey: .reason)
        on = try object.decodeIfPresent(Bool.self, forKey: .on)
    }
}
