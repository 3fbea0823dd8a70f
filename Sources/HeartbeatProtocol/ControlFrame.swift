/// A request to the service as sent on the wire: `{"id": 1, "do": "events", "since": 41}`.
///
/// The fields are not validated. `request()` validates them and returns the request.
public struct ControlFrame: Codable, Hashable, Sendable {
    /// The known requests.
    public enum Action: String, Hashable, Sendable, CaseIterable {
        case status, nodes, events, snapshot, explain, tune
        case whatIf = "what-if"
        case pause, resume, forget, record
    }
    /// An integer that is returned with the reply; 0 if the request has none.
    public var id: Int64
    /// Name of the request. A service answers a name that it does not know with an error.
    public var action: String
    /// `events`, `snapshot`: only events after this sequence.
    public var since: UInt64?
    /// `events`, `snapshot`: epoch of the log that `since` refers to.
    public var epoch: UInt64?
    /// `events`, `snapshot`: only topics with this prefix.
    public var prefix: String?
    /// `nodes`: the cursor to continue from.
    public var cursor: Int?
    /// Maximum number of items per answer.
    public var limit: Int?
    /// The node concerned, as `group/name`.
    public var node: String?
    /// `tune`, `what-if`: the group concerned.
    public var group: String?
    /// `tune`, `what-if`: the level concerned.
    public var level: String?
    /// `tune`, `what-if`: the policy to set or to try, in the notation of `Policy`.
    public var policy: String?
    /// `tune`: remove the policy that was set.
    public var unset: Bool?
    /// `pause`: the duration in seconds.
    public var seconds: Double?
    /// `pause`: the reason, for people.
    public var reason: String?
    /// `record`: true starts a recording, false ends it.
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
