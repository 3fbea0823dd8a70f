import PhiAccrual
import ZeroMQ

/// Combines the sources parsed so far. A later source overrides earlier ones key by key; expected nodes add up.
struct ConfigurationBuilder {
    /// The keys of a file. Each is also an environment variable: `join_within` is `PHI_JOIN_WITHIN`.
    enum Key: String, CaseIterable {
        case heartbeats, connect, shard, events, control, detector, profile, levels, retention
        case joinWithin = "join_within"
        case groups, nodes, hold, damping
        case minConsecutive = "steady"
        case state, record, limits, http, log
    }
    private enum LimitKey: String, CaseIterable { case nodes, events }

    /// A level's policy as written, with its scope and location.
    struct PolicySetting {
        var level: String
        var policy: Policy
        var scope: PolicyScope
        var location: SourceLocation
    }

    var configuration = ServiceConfiguration()
    var problems: [ConfigurationProblem] = []
    /// Where each value was set, by its path, such as `limits.nodes`. A value whose path is missing has its default.
    private(set) var locations: [String: SourceLocation] = [:]
    /// The global levels, from one source; nil if no source sets them.
    var levels: [PolicySetting]?
    var hasBrokenLevels = false
    /// Policies for groups and nodes.
    var overrides: [PolicySetting] = []
    /// Where each override was set first, to report duplicates.
    var overridden: [OverrideKey: SourceLocation] = [:]
    struct OverrideKey: Hashable {
        var scope: PolicyScope
        var level: String
        var source: Origin.Source
    }
    var expected: [(node: NodeIdentity, location: SourceLocation)] = []
    /// Endpoints by key. `finish` checks them after all sources are parsed.
    private(set) var endpoints: [String: [(endpoint: Endpoint, location: SourceLocation)]] = [:]

    mutating func report(_ location: SourceLocation, _ sentence: String) {
        problems.append(ConfigurationProblem(location, sentence))
    }

    /// Parses one source and applies its values.
    mutating func parse(_ value: RawValue) {
        entries(of: value, "the configuration", expected: "keys with values, such as 'retention: 24h'") {
            $0.parse($1, $2)
        }
    }

    mutating func parse(_ key: Key, _ value: RawValue) {
        let name = key.rawValue
        switch key {
        case .heartbeats: parseEndpoints(value, name, \.heartbeats)
        case .connect: parseEndpoints(value, name, \.connect)
        case .shard: parse(value, name, \.shard, "a shard such as 2/4") { try Shard(parsing: $0) }
        case .events: parseEndpoints(value, name, \.events)
        case .control: parseEndpoints(value, name, \.control)
        case .detector: parse(value, name, \.model, "a detector such as adaptive") { try DetectorSpec(parsing: $0) }
        case .profile:
            parse(value, name, \.profile, "a profile's name, a file, or none") { $0 == "none" ? nil : $0 }
        case .levels: parseLevels(value)
        case .retention: parseDuration(value, name, \.retention)
        case .joinWithin: parseDuration(value, name, \.joinWithin)
        case .groups: parseGroups(value)
        case .nodes: parseNodes(value)
        case .hold: parseHold(value)
        case .damping: parseDamping(value)
        case .minConsecutive: parseWholeNumber(value, name, \.recovery.minConsecutive, in: 1...1000)
        case .state: parse(value, name, \.state, "a folder, or none") { $0 == "none" ? nil : $0 }
        case .record: parseRecord(value)
        case .limits:
            entries(of: value, name, expected: "nodes and events") { (builder, key: LimitKey, value) in
                let path = "\(name).\(key.rawValue)"
                switch key {
                case .nodes: builder.parseWholeNumber(value, path, \.limits.nodes, in: 1...Int(Int32.max))
                case .events: builder.parseWholeNumber(value, path, \.limits.events, in: 1...Int(Int32.max))
                }
            }
        case .http:
            if let text = text(of: value, name, expected: "off"), text != "off" {
                report(value.location, "http \"\(text.escapingControls)\" cannot be served yet: only 'off' is possible")
            }
        case .log:
            let expected = "logfmt or json"
            guard let text = text(of: value, name, expected: expected) else { return }
            guard let format = LogFormat(rawValue: text) else {
                return report(value.location, "log must be \(expected), found \(value.kind)")
            }
            set(name, \.log, format, at: value.location)
        }
    }

    private mutating func parseEndpoints(
        _ value: RawValue, _ path: String, _ part: WritableKeyPath<ServiceConfiguration, [Endpoint]>
    ) {
        guard let items = items(of: value, path, expected: "an endpoint, or a list of them") else { return }
        let endpoints = items.map { (endpoint: Endpoint($0.text), location: $0.location) }
        self.endpoints[path] = endpoints
        set(path, part, endpoints.map(\.endpoint), at: value.location)
    }

    /// Sets a value and records its location. The locations of earlier values under the same key are dropped.
    mutating func set<Value>(
        _ path: String, _ part: WritableKeyPath<ServiceConfiguration, Value>, _ value: Value,
        at location: SourceLocation
    ) {
        configuration[keyPath: part] = value
        locations = locations.filter { !$0.key.hasPrefix(path + ".") }
        locations[path] = location
    }
}
