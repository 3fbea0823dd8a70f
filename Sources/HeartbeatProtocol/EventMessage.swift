import PhiAccrual

/// One event as its subscribers receive it: the JSON object in the last frame of a feed message.
///
/// Keys are an interface: new ones may be added, none is removed.
public enum EventMessage: Hashable, Sendable {
    case transition(TransitionMessage)
    case notice(NoticeMessage)

    /// - Parameters:
    ///   - levels: Levels of the detector that emitted the event.
    ///   - place: Returns the position of an event with this topic, at this instant of the detector.
    public init(_ event: Event, levels: [Level], at place: (FeedTopic, Instant) -> EventPosition) {
        switch event {
        case .transition(let transition):
            let level = levels[transition.level]
            let topic = FeedTopic(level: level.name, group: transition.node.group, node: transition.node.name)
            self = .transition(TransitionMessage(transition, level: level.name, at: place(topic, transition.at)))
        case .notice(let notice):
            let topic = FeedTopic(level: nil, group: notice.node?.group, node: notice.node?.name)
            self = .notice(NoticeMessage(notice, levels: levels, at: place(topic, notice.at)))
        case .hold(let hold):
            let topic = FeedTopic(level: nil, group: hold.group, node: nil)
            self = .notice(NoticeMessage(hold, at: place(topic, hold.at)))
        }
    }

    /// - Parameter place: Returns the position of an event with this topic.
    public init(_ notice: ServiceNotice, at place: (FeedTopic) -> EventPosition) {
        let topic =
            switch notice.scope {
            case .everyone: FeedTopic(level: nil, group: nil, node: nil)
            case .group(let name): FeedTopic(level: nil, group: name, node: nil)
            case .node(let identity): FeedTopic(level: nil, group: identity.group, node: identity.name)
            }
        self = .notice(NoticeMessage(notice, at: place(topic)))
    }

    public var topic: FeedTopic {
        switch self {
        case .transition(let message): message.topic
        case .notice(let message): message.topic
        }
    }

    public var place: EventPosition {
        switch self {
        case .transition(let message): message.place
        case .notice(let message): message.place
        }
    }
}

/// The position of an event in the feed.
public struct EventPosition: Hashable, Sendable {
    /// Unix milliseconds at which the event log was created. Another epoch is another log.
    public var epoch: UInt64
    /// Number of the event in its log: from 1, without gaps.
    public var sequence: UInt64
    /// Sequence of the previous event on the same topic; 0 for the first.
    public var previous: UInt64
    public var at: Timestamp

    static let unknown = EventPosition(epoch: 0, sequence: 0, previous: 0, at: Timestamp(unixNanoseconds: 0))

    public init(epoch: UInt64, sequence: UInt64, previous: UInt64, at: Timestamp) {
        (self.epoch, self.sequence, self.previous, self.at) = (epoch, sequence, previous, at)
    }
}

/// A change of verdict for one node at one level.
///
/// A field is a property here, with any initial value, and a line in `visit`, which lists all fields for writing and
/// reading.
public struct TransitionMessage: Hashable, Sendable {
    static let kind = "transition"

    public struct Threshold: Hashable, Sendable {
        /// In the user's notation: `phi=8`.
        public var policy = ""
        /// φ at which the node is suspected; nil for policies without a φ threshold.
        public var phi: Double?
        /// The timeout: seconds of silence after which the node is suspected. Nil while no interval is known.
        public var seconds: Double?
        /// Where the policy was set, and its scope if it is not global: `default`, `option`, `tune, group edge`.
        public var origin = ""
    }
    public var place = EventPosition.unknown
    public var group = ""
    public var node = ""
    public var incarnation: UInt32 = 0
    public var level = ""
    public var from = Verdict.new
    public var to = Verdict.new
    public var phi: Double?
    public var silenceSeconds = 0.0
    public var expectedSeconds: Double?
    public var threshold = Threshold()
    public var missing: Int64 = 0
    public var senderLateSeconds: Double?
    public var ownLateSeconds = 0.0
    public var samples = 0
    /// Seconds since the node's connection closed; nil if it is not known to be closed.
    public var disconnectedSeconds: Double?
    public var explanation = ""

    public var topic: FeedTopic { FeedTopic(level: level, group: group, node: node) }
}

extension TransitionMessage {
    public init(_ transition: Transition, level: String, at place: EventPosition) {
        let evidence = transition.evidence
        self.place = place
        group = transition.node.group
        node = transition.node.name
        incarnation = transition.incarnation
        self.level = level
        from = transition.from
        to = transition.to
        phi = evidence.phi
        silenceSeconds = evidence.silence.seconds
        expectedSeconds = evidence.expected?.seconds
        threshold = Threshold(
            policy: transition.effectivePolicy.policy.description, phi: transition.effectivePolicy.policy.phi,
            seconds: evidence.timeout?.seconds, origin: transition.effectivePolicy.origin.description)
        missing = evidence.missing
        senderLateSeconds = evidence.senderLate?.seconds
        ownLateSeconds = evidence.ownLate.seconds
        samples = evidence.samples
        disconnectedSeconds = evidence.disconnected?.seconds
        explanation = Explanation.of(transition)
    }
}

/// An event that is not a change of verdict. Its fields are written and read as those of `TransitionMessage`.
public struct NoticeMessage: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable { case notice, hold, tune }
    public var kind = Kind.notice
    public var place = EventPosition.unknown
    public var code = ""
    /// The group and node concerned. Each is nil if the event concerns none; both are nil while the node's name is
    /// unknown.
    public var group: String?
    public var node: String?
    /// The node's key in hexadecimal, if a node is concerned.
    public var key: String?
    public var numbers: [String: Double] = [:]
    public var explanation = ""

    public var topic: FeedTopic { FeedTopic(level: nil, group: group, node: node) }
}

extension NoticeMessage {
    /// - Parameter levels: Levels of the detector that emitted the notice.
    public init(_ notice: Notice, levels: [Level], at place: EventPosition) {
        kind = .notice
        self.place = place
        code = notice.code.rawValue
        group = notice.node?.group
        node = notice.node?.name
        key = notice.key.description
        numbers = ["incarnation": Double(notice.incarnation)]
        if let shortfall = notice.shortfall {
            numbers["mistakes_per_heartbeat"] = shortfall.mistakesPerHeartbeat
            numbers["needed_seconds"] = shortfall.neededTimeout?.seconds
        }
        if let pause = notice.pause { numbers["seconds"] = max(0, (pause.until - notice.at).nanoseconds.seconds) }
        explanation = Explanation.of(notice, level: notice.level.map { levels[$0].name })
    }

    public init(_ hold: HoldChange, at place: EventPosition) {
        kind = .hold
        self.place = place
        code = hold.phase.rawValue
        group = hold.group
        numbers = [
            "nodes": Double(hold.nodes), "overdue": Double(hold.overdue), "heard": Double(hold.heard),
            "seconds": (hold.at - hold.began).nanoseconds.seconds,
            "silence_seconds": (hold.at - hold.silentSince).nanoseconds.seconds,
        ]
        explanation = Explanation.of(hold)
    }
}

extension Int64 {
    /// Converts nanoseconds to seconds.
    public var seconds: Double { Double(self) / 1e9 }
}
