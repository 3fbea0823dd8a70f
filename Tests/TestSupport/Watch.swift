import PhiAccrual

/// A detector with shorthands for tests: nodes are given by name, instants in nanoseconds.
public struct Watch: Sendable {
    public var detector: Detector<NormalModel>
    /// All events of the last step.
    public private(set) var events: [Event] = []
    /// Outcome of the last heartbeat.
    public private(set) var outcome: HeartbeatOutcome?
    /// Arrival of the last fresh heartbeat, in nanoseconds.
    public private(set) var lastArrival: Int64 = 0
    /// Sequence number of the last fresh heartbeat.
    public private(set) var lastSequence: UInt32 = 0

    public init(
        levels: [Level] = [.suspect()], model: NormalModel.Parameters = .init(), retention: Int64? = nil,
        capacity: Int = 1_000_000, recovery: RecoveryRule = .init(), hold: HoldRule? = nil
    ) {
        var configuration = Detector<NormalModel>.Configuration(
            levels: levels, model: model, retention: retention, capacity: capacity)
        (configuration.recovery, configuration.hold) = (recovery, hold)
        detector = Detector(configuration)
    }

    /// A watch that trusts one node after perfectly regular heartbeats, the first at 0.
    public static func trusting(
        _ name: String, afterHeartbeats count: Int = 100, every interval: Int64 = .milliseconds(100),
        levels: [Level] = [.suspect()], retention: Int64? = nil
    ) -> Watch {
        var watch = Watch(levels: levels, retention: retention)
        watch.trust(name, afterHeartbeats: count, every: interval)
        return watch
    }
    /// Announces one more node and receives `count` regular heartbeats from it, the first at `start`.
    public mutating func trust(
        _ name: String, afterHeartbeats count: Int = 100, every interval: Int64 = .milliseconds(100),
        from start: Int64 = 0, group: String = "lab"
    ) {
        announce(name, group: group, at: start)
        for number in 0..<count {
            receive(name, UInt32(number), announcing: interval, at: start + Int64(number) * interval)
        }
    }

    // MARK: Steps

    @discardableResult
    public mutating func announce(
        _ name: String, as claimed: String? = nil, group: String = "lab", at now: Int64
    ) -> [Emitted] {
        events = []
        guard let identity = try? NodeIdentity(group: group, name: claimed ?? name) else { return [] }
        detector.announce(identity, key: .named(name), at: Instant(nanoseconds: now), into: &events)
        return events.emitted
    }

    @discardableResult
    public mutating func receive(
        _ name: String, _ sequence: UInt32, incarnation: UInt32 = 1, sent: Int64? = nil, announcing interval: Int64 = 0,
        isLeaving: Bool = false, at now: Int64
    ) -> [Emitted] {
        receive(
            Heartbeat(
                key: .named(name), incarnation: incarnation, sequence: sequence, sent: sent,
                announcedInterval: interval,
                isLeaving: isLeaving), at: now)
    }
    @discardableResult
    public mutating func receive(_ heartbeat: Heartbeat, at now: Int64) -> [Emitted] {
        events = []
        outcome = detector.receive(heartbeat, at: Instant(nanoseconds: now), into: &events)
        if outcome == .fresh { (lastArrival, lastSequence) = (now, heartbeat.sequence) }
        return events.emitted
    }

    @discardableResult
    public mutating func advance(to now: Int64) -> [Emitted] {
        events = []
        detector.advance(to: Instant(nanoseconds: now), into: &events)
        return events.emitted
    }

    @discardableResult
    public mutating func advanceIdeally(before instant: Int64) -> [Emitted] {
        events = []
        detector.advanceIdeally(before: Instant(nanoseconds: instant), into: &events)
        return events.emitted
    }

    // MARK: Queries

    public func deadline(_ name: String, level: Int = 0) -> Int64? {
        detector.deadline(of: .named(name), level: level)?.nanoseconds
    }
    public func phi(_ name: String, at now: Int64) -> Double? {
        detector.phi(of: .named(name), at: Instant(nanoseconds: now))
    }
    public func status(_ name: String, at now: Int64 = 0) -> NodeStatus? {
        detector.status(of: .named(name), at: Instant(nanoseconds: now))
    }
    public func verdict(_ name: String, level: Int = 0) -> Verdict? { status(name)?.levels[level].verdict }

    /// Evidence of the last transition in the last step.
    public var evidence: Evidence? {
        for case .transition(let transition) in events.reversed() { return transition.evidence }
        return nil
    }
}

/// An event reduced to the fields that most tests compare.
public enum Emitted: Hashable, Sendable {
    case change(String, level: Int = 0, Verdict, Verdict, at: Int64)
    case notice(Notice.Code, at: Int64)
    case hold(HoldChange.Phase, of: String?, at: Int64)
}

extension [Event] {
    public var emitted: [Emitted] {
        map { event in
            switch event {
            case .transition(let change):
                .change(change.node.name, level: change.level, change.from, change.to, at: change.at.nanoseconds)
            case .notice(let notice): .notice(notice.code, at: notice.at.nanoseconds)
            case .hold(let hold): .hold(hold.phase, of: hold.group, at: hold.at.nanoseconds)
            }
        }
    }
}

extension NodeKey {
    /// A key derived from the name with FNV-1a, so that tests need no cryptography.
    public static func named(_ name: String) -> NodeKey {
        NodeKey(rawValue: name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
    }
}

extension Int64 {
    public static func microseconds(_ count: Int64) -> Int64 { count * 1_000 }
    public static func milliseconds(_ count: Int64) -> Int64 { count * 1_000_000 }
    public static func seconds(_ count: Int64) -> Int64 { count * 1_000_000_000 }
    public static func hours(_ count: Int64) -> Int64 { .seconds(count * 3600) }
    public static func days(_ count: Int64) -> Int64 { .hours(count * 24) }
}
