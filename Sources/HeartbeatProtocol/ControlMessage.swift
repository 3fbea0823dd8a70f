/// Why a request failed: a code for programs, a sentence for people.
public struct ControlError: Codable, Hashable, Sendable, Error, CustomStringConvertible {
    public enum Code: String, Codable, Hashable, Sendable {
        /// The request is not a JSON object, or a field is missing, invalid, or of the wrong type.
        case malformed
        /// The service does not know this request.
        case unknownRequest = "unknown-request"
        /// The service does not know this node, or the text does not name a node.
        case unknownNode = "unknown-node"
        /// The requested events are no longer in the log, or not yet.
        case gone
        /// The sequence belongs to another log.
        case otherEpoch = "other-epoch"
        /// The service does not have this level.
        case unknownLevel = "unknown-level"
        /// The policy is invalid, or this service's detector cannot follow it.
        case invalidPolicy = "invalid-policy"
        /// The request is valid, but was not carried out. The message gives the reason.
        case refused
    }
    public var code: Code
    public var message: String
    public init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }
    public var description: String { message }

    private enum CodingKeys: String, CodingKey { case code, message }
    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        // A code of a later version becomes `refused`. The message still explains the error.
        code = Code(rawValue: try object.decode(String.self, forKey: .code)) ?? .refused
        message = try object.decode(String.self, forKey: .message)
    }
}

/// `{"id": 1, "ok": {…}}` or `{"id": 1, "error": {"code": "…", "message": "…"}}`.
public struct ControlReply<Answer: Codable & Sendable>: Codable, Sendable {
    public var id: Int64
    public var ok: Answer?
    public var error: ControlError?

    public init(id: Int64, ok: Answer) { (self.id, self.ok) = (id, ok) }
    public init(id: Int64, error: ControlError) { (self.id, self.error) = (id, error) }
}

extension ControlReply {
    /// The same bytes as `WireJSON.encode` of a reply whose answer is encoded already.
    public static func json(id: Int64, _ reply: Result<[UInt8], ControlError>) throws -> [UInt8] {
        switch reply {
        case .success(let answer): Array("{\"id\":\(id),\"ok\":".utf8) + answer + [UInt8(ascii: "}")]
        case .failure(let error): try WireJSON.encode(ControlReply(id: id, error: error))
        }
    }
}

/// Answer to `events` and `snapshot`.
public struct EventsAnswer<Event: Codable & Sendable>: Codable, Sendable {
    public var epoch: UInt64
    /// The answer is complete up to and including this sequence, for topics with the requested prefix.
    public var through: UInt64
    /// Whether there are more events: ask again from `through`.
    public var more: Bool
    /// In order of their sequences.
    public var events: [Event]

    public init(epoch: UInt64, through: UInt64, more: Bool, events: [Event]) {
        (self.epoch, self.through, self.more, self.events) = (epoch, through, more, events)
    }
}

/// Answer to `nodes`.
public struct NodesAnswer: Codable, Hashable, Sendable {
    public struct Node: Codable, Hashable, Sendable {
        public struct AtLevel: Codable, Hashable, Sendable {
            public var state: String
            /// Seconds until the node is suspected if no heartbeat arrives; negative after that instant. Nil while no
            /// interval is known.
            public var secondsLeft: Double?
            public var thresholdSeconds: Double?
            public init(state: String, secondsLeft: Double?, thresholdSeconds: Double?) {
                (self.state, self.secondsLeft, self.thresholdSeconds) = (state, secondsLeft, thresholdSeconds)
            }
            private enum CodingKeys: String, CodingKey {
                case state
                case secondsLeft = "seconds_left"
                case thresholdSeconds = "threshold_seconds"
            }
        }
        /// Nil while the node's name is unknown.
        public var group: String?
        public var node: String?
        public var key: String
        public var incarnation: UInt32
        public var sequence: UInt32?
        public var phi: Double?
        public var silenceSeconds: Double?
        public var expectedSeconds: Double?
        public var missing: Int64
        public var discarded: Int64
        public var samples: Int
        public var labels: [String: String]
        public var levels: [String: AtLevel]

        public init(
            group: String?, node: String?, key: String, incarnation: UInt32, sequence: UInt32?, phi: Double?,
            silenceSeconds: Double?, expectedSeconds: Double?, missing: Int64, discarded: Int64, samples: Int,
            labels: [String: String], levels: [String: AtLevel]
        ) {
            (self.group, self.node, self.key, self.incarnation, self.sequence) = (
                group, node, key, incarnation, sequence
            )
            (self.phi, self.silenceSeconds, self.expectedSeconds) = (phi, silenceSeconds, expectedSeconds)
            (self.missing, self.discarded, self.samples) = (missing, discarded, samples)
            (self.labels, self.levels) = (labels, levels)
        }
        private enum CodingKeys: String, CodingKey {
            case group, node, key, incarnation, sequence, phi, missing, discarded, samples, labels, levels
            case silenceSeconds = "silence_seconds"
            case expectedSeconds = "expected_seconds"
        }
    }
    public var nodes: [Node]
    /// Where the next page starts; nil after the last.
    public var cursor: Int?

    public init(nodes: [Node], cursor: Int?) { (self.nodes, self.cursor) = (nodes, cursor) }
}

/// Answer to `status`.
public struct StatusAnswer: Codable, Hashable, Sendable {
    public struct LevelPolicy: Codable, Hashable, Sendable {
        public var name: String
        public var policy: String
        public init(name: String, policy: String) { (self.name, self.policy) = (name, policy) }
    }
    /// The state store and its condition.
    public struct StateStoreStatus: Codable, Hashable, Sendable {
        public var folder: String
        /// Number of events in the state store.
        public var events: UInt64
        /// Why persistence stopped; nil while it works.
        public var lost: String?
        public init(folder: String, events: UInt64, lost: String?) {
            (self.folder, self.events, self.lost) = (folder, events, lost)
        }
    }
    public var epoch: UInt64
    public var sequence: UInt64
    public var uptimeSeconds: Double
    public var levels: [LevelPolicy]
    public var nodes: Int
    /// Heartbeats by outcome: `fresh`, `late`, …
    public var heartbeats: [String: Int64]
    /// Frames that are not heartbeats, by reason.
    public var malformed: [String: Int64]
    /// How late the timestamps of arrivals may be at present, in seconds. No node is suspected earlier than this after
    /// its expected arrival.
    public var timestampUncertaintySeconds: Double
    /// Endpoints as bound or connected to.
    public var endpoints: [String: [String]]
    /// Nil for a service without a state store.
    public var stateStore: StateStoreStatus?

    public init(
        epoch: UInt64, sequence: UInt64, uptimeSeconds: Double, levels: [LevelPolicy], nodes: Int,
        heartbeats: [String: Int64], malformed: [String: Int64], timestampUncertaintySeconds: Double,
        endpoints: [String: [String]], stateStore: StateStoreStatus? = nil
    ) {
        (self.epoch, self.sequence, self.uptimeSeconds, self.levels) = (epoch, sequence, uptimeSeconds, levels)
        (self.nodes, self.heartbeats, self.malformed, self.endpoints) = (nodes, heartbeats, malformed, endpoints)
        (self.timestampUncertaintySeconds, self.stateStore) = (timestampUncertaintySeconds, stateStore)
    }
    private enum CodingKeys: String, CodingKey {
        case epoch, sequence, levels, nodes, heartbeats, malformed, endpoints
        case stateStore = "state_store"
        case uptimeSeconds = "uptime_seconds"
        case timestampUncertaintySeconds = "timestamp_uncertainty_seconds"
    }
}
