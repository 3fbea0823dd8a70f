import PhiAccrual

/// What the sources have said so far. Each is taken in its turn, and what it says goes over what was said before, key by
/// key; expected nodes add up.
struct Draft {
    /// The keys of a file. Each is also an environment variable: `join_within` is `PHI_JOIN_WITHIN`.
    enum Key: String, CaseIterable {
        case heartbeats, connect, shard, events, control, detector, profile, levels, retention
        case joinWithin = "join_within"
        case groups, nodes, hold, damping, steady, state, record, limits, http, log
    }
    private enum LimitKey: String, CaseIterable { case nodes, events }

    /// A level's policy as it was written, for somebody.
    struct StatedPolicy {
        var level: String
        var policy: Policy
        var scope: PolicyScope
        var place: Place
    }

    var configuration = ServiceConfiguration()
    var problems: [ConfigurationProblem] = []
    /// Where each value was stated, by its path: `limits.nodes`. What is missing here has its default.
    private(set) var places: [String: Place] = [:]
    /// The levels for everyone, from one source; nil if none names them.
    var levels: [StatedPolicy]?
    var hasBrokenLevels = false
    /// Policies for groups and nodes.
    var overrides: [StatedPolicy] = []
    /// Where each of them was stated first.
    var overridden: [Overridden: Place] = [:]
    struct Overridden: Hashable {
        var scope: PolicyScope
        var level: String
        var source: Origin.Source
    }
    var expected: [(node: NodeIdentity, place: Place)] = []
    /// Endpoints by their key: whether they can be ones is asked when all sources have spoken.
    private(set) var endpoints: [String: [(text: String, place: Place)]] = [:]

    mutating func note(_ place: Place, _ sentence: String) {
        problems.append(ConfigurationProblem(place, sentence))
    }

    /// Takes in what one source says.
    mutating func take(_ value: Written) {
        entries(of: value, "the configuration", right: "keys with values, such as 'retention: 24h'") {
            $0.take($1, $2)
        }
    }

    mutating func take(_ key: Key, _ value: Written) {
        let name = key.rawValue
        switch key {
        case .heartbeats: takeEndpoints(value, name, \.heartbeats)
        case .connect: takeEndpoints(value, name, \.connect)
        case .shard: take(value, name, \.shard, "a shard such as 2/4") { try Shard(parsing: $0) }
        case .events: takeEndpoints(value, name, \.events)
        case .control: takeEndpoints(value, name, \.control)
        case .detector: take(value, name, \.model, "a detector such as adaptive") { try ModelChoice(parsing: $0) }
        case .profile:
            take(value, name, \.profile, "a profile's name, a file, or none") { $0 == "none" ? nil : $0 }
        case .levels: takeLevels(value)
        case .retention: takeDuration(value, name, \.retention)
        case .joinWithin: takeDuration(value, name, \.joinWithin)
        case .groups: takeGroups(value)
        case .nodes: takeNodes(value)
        case .hold: takeHold(value)
        case .damping: takeDamping(value)
        case .steady: takeWhole(value, name, \.recovery.steady, in: 1...1000)
        case .state: take(value, name, \.state, "a folder, or none") { $0 == "none" ? nil : $0 }
        case .record: takeRecord(value)
        case .limits:
            entries(of: value, name, right: "nodes and events") { (draft, key: LimitKey, value) in
                let path = "\(name).\(key.rawValue)"
                switch key {
                case .nodes: draft.takeWhole(value, path, \.limits.nodes, in: 1...Int(Int32.max))
                case .events: draft.takeWhole(value, path, \.limits.events, in: 1...Int(Int32.max))
                }
            }
        case .http:
            if let text = text(of: value, name, right: "off"), text != "off" {
                note(value.place, "http \"\(text.escapingControls)\" cannot be served yet: only 'off' is possible")
            }
        case .log:
            let right = "logfmt or json"
            guard let text = text(of: value, name, right: right) else { return }
            guard let format = LogFormat(rawValue: text) else {
                return note(value.place, "log must be \(right), found \(value.kind)")
            }
            set(name, \.log, format, at: value.place)
        }
    }

    private mutating func takeEndpoints(
        _ value: Written, _ path: String, _ part: WritableKeyPath<ServiceConfiguration, [String]>
    ) {
        guard let items = items(of: value, path, right: "an endpoint, or a list of them") else { return }
        endpoints[path] = items
        set(path, part, items.map(\.text), at: value.place)
    }

    /// Sets a value, and remembers where it comes from. What stood under the same key before is no longer of interest.
    mutating func set<Value>(
        _ path: String, _ part: WritableKeyPath<ServiceConfiguration, Value>, _ value: Value, at place: Place
    ) {
        configuration[keyPath: part] = value
        places = places.filter { !$0.key.hasPrefix(path + ".") }
        places[path] = place
    }
}
