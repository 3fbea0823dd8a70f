import PhiAccrual

/// What a detector service is told at its start. `docs/configuration.md` has the same, key by key.
public struct ServiceConfiguration: Hashable, Sendable {
    /// Endpoints to bind for nodes that connect.
    public var heartbeats: [String] = ["tcp://127.0.0.1:7710"]
    /// Endpoints of nodes that bind, to connect to.
    public var connect: [String] = []
    /// Which of the nodes that could be heard there are watched.
    public var shard = Shard.whole
    /// Endpoints to bind for the event feed.
    public var events: [String] = ["tcp://127.0.0.1:7711"]
    /// Endpoints to bind for requests.
    public var control: [String] = ["tcp://127.0.0.1:7712"]
    /// How arrivals are judged, with the profile lent to new nodes.
    public var model = DetectorSpec.adaptive(.init())
    /// The name or path of that profile; nil if there is none.
    public var profile: String?
    /// The levels with their policies, for everyone, for groups, and for nodes.
    public var policies = PolicyTable(levels: Level.standard(for: .adaptive(.init())))
    /// Nodes that should be heard, each once, as they were stated.
    public var expected: [NodeIdentity] = []
    /// How long an expected node may take to be heard first.
    public var joinWithin: Duration = .seconds(60)
    /// After which silence a node is forgotten.
    public var retention: Duration = .seconds(86_400)
    /// When mass silence is doubted; nil never does.
    public var hold: HoldRule? = HoldRule()
    public var recovery = RecoveryRule()
    /// The folder in which the service remembers; nil remembers nothing.
    public var state: String?
    /// Where everything the detector is told is recorded; nil records nothing.
    public var record: RecordingBounds?
    public var limits = Limits()
    public var log = LogFormat.logfmt

    public var levels: [Level] { policies.levels }

    public struct Limits: Hashable, Sendable {
        /// Nodes kept at most.
        public var nodes = 1_000_000
        /// Events kept in memory for subscribers that missed some.
        public var events = 100_000
        public init() {}
    }
    public init() {}
}

/// Where recordings go, and how large they may become.
public struct RecordingBounds: Hashable, Sendable {
    public var folder: String
    /// After so many bytes the next file is begun.
    public var fileSize: Int = 64_000_000
    /// The oldest files go when all have more bytes than this: at least `fileSize`.
    public var totalSize: Int = 1_000_000_000

    public init(folder: String) { self.folder = folder }
}

/// How the log is written, one line an event.
public enum LogFormat: String, CaseIterable, Sendable {
    /// `time=… level=info message="ready" events=tcp://127.0.0.1:7711`
    case logfmt
    /// The same as one JSON object.
    case json
}
