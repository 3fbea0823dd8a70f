import PhiAccrual
import ZeroMQ

/// Combines the sources parsed so far. A later source overrides earlier ones key by key; expected nodes add up.
struct ConfigurationBuilder {
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
    /// Endpoints by key. Their key's check runs after all sources are parsed.
    var endpoints: [String: [(endpoint: Endpoint, location: SourceLocation)]] = [:]

    mutating func report(_ location: SourceLocation, _ sentence: String) {
        problems.append(ConfigurationProblem(location, sentence))
    }

    /// Reports that a value of another kind or range is expected.
    mutating func report(_ value: RawValue, _ path: String, expected: String) {
        report(value.location, "\(path.escapingControls) must be \(expected), found \(value.kind)")
    }

    /// Parses one source and applies its values.
    mutating func parse(_ value: RawValue) {
        parse(
            value, as: ConfigurationKey.all, "the configuration",
            expected: "a mapping of keys to values, such as 'retention: 24h'")
    }

    /// Parses a mapping with these keys.
    mutating func parse(_ value: RawValue, as keys: [ConfigurationKey], _ path: String, expected: String) {
        let renamed = keys.compactMap { key in key.formerName.map { ($0, key.name) } }
        entries(
            of: value, path, expected: expected, keys: keys.map(\.name),
            renamed: Dictionary(uniqueKeysWithValues: renamed)
        ) { builder, name, value in
            guard let key = keys.first(where: { $0.name == name }) else { return }
            key.codec.parse(&builder, value, key.path)
        }
    }

    /// Sets a value and records its location. The locations of earlier values under the same key are dropped.
    mutating func set<Value>(
        _ path: String, _ part: WritableKeyPath<ServiceConfiguration, Value>, _ value: Value,
        at location: SourceLocation
    ) {
        configuration[keyPath: part] = value
        locate(path, at: location)
    }

    mutating func locate(_ path: String, at location: SourceLocation) {
        locations = locations.filter { !$0.key.hasPrefix(path + ".") }
        locations[path] = location
    }
}
