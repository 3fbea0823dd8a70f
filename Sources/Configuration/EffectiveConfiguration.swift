import PhiAccrual

/// A parsed configuration, with the origin of each part.
public struct EffectiveConfiguration: Sendable {
    public let configuration: ServiceConfiguration
    /// Input that was ignored and does no harm, one sentence each.
    public let warnings: [String]
    /// The lines of an equivalent file, with the origin of each value in a comment.
    public let yaml: [String]

    init(_ builder: ConfigurationBuilder, warnings: [String]) {
        (configuration, self.warnings) = (builder.configuration, warnings)
        yaml = ConfigurationText(builder).lines
    }
}

/// A configuration as lines of YAML.
private struct ConfigurationText {
    private(set) var lines: [String] = []
    private let builder: ConfigurationBuilder
    private let overrides: [PolicyScope: [ConfigurationBuilder.PolicySetting]]

    init(_ builder: ConfigurationBuilder) {
        self.builder = builder
        overrides = Dictionary(grouping: builder.overrides, by: \.scope)
        let configuration = builder.configuration
        add("heartbeats", list: configuration.heartbeats.map(\.address))
        add("connect", list: configuration.connect.map(\.address))
        add("shard", configuration.shard.description)
        add("events", list: configuration.events.map(\.address))
        add("control", list: configuration.control.map(\.address))
        add("detector", configuration.model.description)
        add("profile", configuration.profile ?? "none")
        addLevels()
        add("retention", configuration.retention.notation)
        add("join_within", configuration.joinWithin.notation)
        addGroups()
        addNodes()
        if let hold = configuration.hold {
            lines.append("hold:")
            add("hold.share", "\(hold.share)")
            add("hold.least", "\(hold.minExcess)")
            add("hold.longest", Duration.nanoseconds(hold.maxDuration).notation)
        } else {
            add("hold", "off")
        }
        if let flaps = configuration.recovery.flaps {
            lines.append("damping:")
            add("damping.flaps", "\(flaps)")
            add("damping.within", Duration.nanoseconds(configuration.recovery.within).notation)
            add("damping.calm", Duration.nanoseconds(configuration.recovery.quietPeriod).notation)
        } else {
            add("damping", "off")
        }
        add("steady", "\(configuration.recovery.minConsecutive)")
        add("state", configuration.state ?? "none")
        if let record = configuration.record {
            lines.append("record:")
            add("record.folder", record.folder)
            add("record.file_size", ByteCount.notation(record.fileSize))
            add("record.total_size", ByteCount.notation(record.totalSize))
        } else {
            add("record", "off")
        }
        lines.append("limits:")
        add("limits.nodes", "\(configuration.limits.nodes)")
        add("limits.events", "\(configuration.limits.events)")
        add("http", "off")
        add("log", configuration.log.rawValue)
    }

    /// Adds a line `key: value  # origin`, indented by the depth of its path.
    private mutating func add(_ path: String, _ value: String) { add(path, raw: value.asYAML) }
    private mutating func add(_ path: String, list: [String]) {
        add(path, raw: "[\(list.map { $0.contains(",") ? $0.inQuotes : $0.asYAML }.joined(separator: ", "))]")
    }
    private mutating func add(_ path: String, raw value: String) {
        let keys = path.split(separator: ".")
        let location = builder.locations[path]?.description ?? "default"
        add(depth: keys.count - 1, keys.last.map(String.init) ?? "", value, location)
    }
    private mutating func add(depth: Int, _ key: String, _ value: String, _ location: String) {
        lines.append("\(String(repeating: "  ", count: depth))\(key): \(value)  # \(location)")
    }

    private mutating func addLevels() {
        lines.append("levels:")
        for (index, level) in builder.configuration.levels.enumerated() {
            let location = builder.levels?[index].location.description ?? "default"
            add(depth: 1, level.name.asYAML, level.policy.description.asYAML, location)
        }
    }

    private mutating func addGroups() {
        let expected = Dictionary(grouping: builder.configuration.expected, by: \.group)
        let locations = Dictionary(builder.expected.map { ($0.node, $0.location) }) { first, _ in first }
        let overridden = overrides.keys.compactMap { if case .group(let name) = $0 { name } else { nil } }
        let groups = Set(overridden + expected.keys).sorted()
        if !groups.isEmpty { lines.append("groups:") }
        for group in groups {
            lines.append("  \(group.asYAML):")
            addPolicies(for: .group(group))
            guard let nodes = expected[group] else { continue }
            lines.append("    expect:")
            for node in nodes {
                lines.append("      - \(node.name.asYAML)  # \(locations[node]?.description ?? "")")
            }
        }
    }

    private mutating func addNodes() {
        let nodes = overrides.keys.compactMap { if case .node(let node) = $0 { node } else { nil } }
        if !nodes.isEmpty { lines.append("nodes:") }
        for node in nodes.sorted(by: { $0.description < $1.description }) {
            lines.append("  \(node.description.asYAML):")
            addPolicies(for: .node(node))
        }
    }

    /// If several sources set a policy, the last one overrides the others.
    private mutating func addPolicies(for scope: PolicyScope) {
        guard let policySettings = overrides[scope] else { return }
        lines.append("    levels:")
        for level in builder.configuration.levels {
            guard let last = policySettings.last(where: { $0.level == level.name }) else { continue }
            add(depth: 3, level.name.asYAML, last.policy.description.asYAML, last.location.description)
        }
    }
}

extension String {
    /// As a YAML scalar outside brackets, quoted unless all its characters are harmless.
    fileprivate var asYAML: String {
        let isPlain =
            (first?.isLetter == true || first?.isNumber == true || first == "/")
            && utf8.allSatisfy { $0.isPlain } && !hasSuffix(":") && lowercased() != "null"
        return isPlain ? self : inQuotes
    }
    fileprivate var inQuotes: String { "\"\(unicodeScalars.map(\.inQuotes).joined())\"" }
}

extension UInt8 {
    /// Whether the byte has no meaning in YAML after the first character. A colon has one only before a blank.
    fileprivate var isPlain: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "=,/.:*_-".utf8.contains(self)
        }
    }
}

extension Unicode.Scalar {
    fileprivate var inQuotes: String {
        switch self {
        case "\"": "\\\""
        case "\\": "\\\\"
        default:
            switch properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                "\\U" + String(repeating: "0", count: 8 - String(value, radix: 16).count) + String(value, radix: 16)
            default: String(self)
            }
        }
    }
}
