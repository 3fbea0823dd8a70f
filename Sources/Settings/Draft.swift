import PhiAccrual

/// What the sources have said so far. Each is taken in its turn, and what it says goes over what was said before, key by
/// key; expected nodes add up.
struct Draft {
    /// The keys of a file. Each is also an environment variable: `join_within` is `PHI_JOIN_WITHIN`.
    enum Key: String, CaseIterable {
        case heartbeats, connect, events, control, detector, profile, levels, retention
        case joinWithin = "join_within"
        case groups, nodes, hold, damping, steady, state, record, limits, http, log
    }
    private enum GroupKey: String, CaseIterable { case levels, expect }
    private enum NodeKey: String, CaseIterable { case levels }
    private enum HoldKey: String, CaseIterable { case share, least, longest }
    private enum DampingKey: String, CaseIterable { case flaps, within, calm }
    private enum RecordKey: String, CaseIterable {
        case folder
        case fileSize = "file_size"
        case totalSize = "total_size"
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
    private(set) var levels: [StatedPolicy]?
    private(set) var hasBrokenLevels = false
    /// Policies for groups and nodes.
    private(set) var overrides: [StatedPolicy] = []
    private var overridden: [Overridden: Place] = [:]
    private struct Overridden: Hashable {
        var scope: PolicyScope
        var level: String
        var source: Origin.Source
    }
    private(set) var expected: [(node: NodeIdentity, place: Place)] = []
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

    // MARK: Policies and nodes

    private mutating func takeLevels(_ value: Written) {
        let before = problems.count
        let stated = policies(of: value, "levels", for: .everyone)
        defer { hasBrokenLevels = hasBrokenLevels || problems.count > before }
        if stated.isEmpty, problems.count == before { note(value.place, "levels must name at least one level") }
        if stated.count > 8 { note(value.place, "there are \(stated.count) levels, and eight are the most") }
        levels = stated
    }

    private mutating func takeGroups(_ value: Written) {
        for (entry, name) in names(of: value, "groups", right: "groups by name") {
            if let reason = NodeIdentity.invalidity(ofName: name) {
                note(entry.place, "\(InvalidName(part: "group", text: name, reason: reason))")
                continue
            }
            let path = "groups.\(name)"
            entries(of: entry.value, path, right: "levels and expect") { (draft, key: GroupKey, value) in
                switch key {
                case .levels: draft.takeOverrides(value, "\(path).levels", for: .group(name))
                case .expect: draft.takeExpected(value, "\(path).expect", group: name)
                }
            }
        }
    }

    private mutating func takeNodes(_ value: Written) {
        for (entry, name) in names(of: value, "nodes", right: "nodes by group/name") {
            let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else {
                note(
                    entry.place,
                    "\"\(name.escapingControls)\" is no node: write its group and its name, as in edge/edge-1")
                continue
            }
            let node: NodeIdentity
            do { node = try NodeIdentity(group: parts[0], name: parts[1]) } catch {
                note(entry.place, "\(error)")
                continue
            }
            entries(of: entry.value, "nodes.\(name)", right: "levels") { (draft, key: NodeKey, value) in
                switch key {
                case .levels: draft.takeOverrides(value, "nodes.\(name).levels", for: .node(node))
                }
            }
        }
    }

    private mutating func takeOverrides(_ value: Written, _ path: String, for scope: PolicyScope) {
        for stated in policies(of: value, path, for: scope) {
            let key = Overridden(scope: scope, level: stated.level, source: stated.place.source)
            if let first = overridden.updateValue(stated.place, forKey: key) {
                note(stated.place, "level \"\(stated.level.escapingControls)\" is set twice, first at \(first)")
            }
            overrides.append(stated)
        }
    }

    private mutating func takeExpected(_ value: Written, _ path: String, group: String) {
        for (name, place) in items(of: value, path, right: "names of nodes") ?? [] {
            let node: NodeIdentity
            do { node = try NodeIdentity(group: group, name: name) } catch {
                note(place, "\(error)")
                continue
            }
            expected.append((node, place))
        }
    }

    /// Policies by names of levels: a mapping, or texts such as `suspect=phi=8`.
    private mutating func policies(of value: Written, _ path: String, for scope: PolicyScope) -> [StatedPolicy] {
        var stated: [StatedPolicy] = []
        func policy(_ draft: inout Draft, _ name: String, _ text: String, _ place: Place) {
            do {
                let level = try Level(name: name, policy: try Policy(parsing: text))
                if stated.contains(where: { $0.level == name }) {
                    draft.note(place, "two levels have one name, \"\(name.escapingControls)\"")
                } else {
                    stated.append(.init(level: name, policy: level.policy, scope: scope, place: place))
                }
            } catch {
                draft.note(place, "\(error)")
            }
        }
        if case .mapping(let entries) = value.content {
            for entry in entries {
                let right = "a policy such as mistakes=1/1d"
                guard let text = text(of: entry.value, "\(path).\(entry.key)", right: right) else { continue }
                policy(&self, entry.key, text, entry.place)
            }
        } else {
            for (item, place) in items(of: value, path, right: "policies by names of levels") ?? [] {
                guard let equals = item.firstIndex(of: "=") else {
                    note(place, "level \"\(item.escapingControls)\" has no policy: write for example 'suspect=phi=8'")
                    continue
                }
                policy(&self, String(item[..<equals]), String(item[item.index(after: equals)...]), place)
            }
        }
        return stated
    }

    // MARK: Rules

    private mutating func takeHold(_ value: Written) {
        let right = "off, a share such as 0.5, or share, least and longest"
        let before = configuration.hold ?? HoldRule()
        if case .text(let text) = value.content {
            if text == "off" { return set("hold", \.hold, nil, at: value.place) }
            guard let share = Self.share(text) else {
                return note(value.place, "hold must be \(right), found \(value.kind)")
            }
            return set("hold.share", \.hold[or: before].share, share, at: value.place)
        }
        if case .mapping = value.content { configuration.hold = before }
        entries(of: value, "hold", right: right) { (draft, key: HoldKey, value) in
            let path = "hold.\(key.rawValue)"
            switch key {
            case .share:
                guard let text = draft.text(of: value, path, right: "a share such as 0.5") else { return }
                guard let share = Self.share(text) else {
                    return draft.note(
                        value.place, "\(path) must be a number above 0 and at most 1, found \(value.kind)")
                }
                draft.set(path, \.hold[or: before].share, share, at: value.place)
            case .least: draft.takeWhole(value, path, \.hold[or: before].least, in: 2...64)
            case .longest: draft.takeDuration(value, path, \.hold[or: before].longest.asDuration)
            }
        }
    }
    private static func share(_ text: String) -> Double? { Double(text).flatMap { $0 > 0 && $0 <= 1 ? $0 : nil } }

    private mutating func takeDamping(_ value: Written) {
        let right = "off, or flaps, within and calm"
        if case .text(let text) = value.content {
            guard text == "off" else { return note(value.place, "damping must be \(right), found \(value.kind)") }
            return set("damping", \.recovery.flaps, nil, at: value.place)
        }
        let flaps = configuration.recovery.flaps ?? 5
        if case .mapping = value.content { configuration.recovery.flaps = flaps }
        entries(of: value, "damping", right: right) { (draft, key: DampingKey, value) in
            let path = "damping.\(key.rawValue)"
            switch key {
            case .flaps: draft.takeWhole(value, path, \.recovery.flaps[or: flaps], in: 1...64)
            case .within: draft.takeDuration(value, path, \.recovery.within.asDuration)
            case .calm: draft.takeDuration(value, path, \.recovery.calm.asDuration)
            }
        }
    }

    private mutating func takeRecord(_ value: Written) {
        let right = "off, a folder, or folder, file_size and total_size"
        let before = configuration.record ?? RecordingBounds(folder: "")
        if case .text(let text) = value.content {
            if text == "off" { return set("record", \.record, nil, at: value.place) }
            return set("record.folder", \.record[or: before].folder, text, at: value.place)
        }
        if case .mapping = value.content { configuration.record = before }
        entries(of: value, "record", right: right) { (draft, key: RecordKey, value) in
            let path = "record.\(key.rawValue)"
            switch key {
            case .folder: draft.take(value, path, \.record[or: before].folder, "a folder") { $0 }
            case .fileSize:
                draft.take(value, path, \.record[or: before].fileSize, "a size such as 64MB") {
                    try ByteCount.parse($0)
                }
            case .totalSize:
                draft.take(value, path, \.record[or: before].totalSize, "a size such as 1GB") {
                    try ByteCount.parse($0)
                }
            }
        }
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

extension Optional {
    /// The value, or another one where there is none: to be changed in part.
    fileprivate subscript(or other: Wrapped) -> Wrapped {
        get { self ?? other }
        set { self = newValue }
    }
}

extension Int64 {
    /// So many nanoseconds.
    fileprivate var asDuration: Duration {
        get { .nanoseconds(self) }
        set { self = newValue.nanoseconds }
    }
}
