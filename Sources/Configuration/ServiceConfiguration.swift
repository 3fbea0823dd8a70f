import PhiAccrual
import ZeroMQ

/// The configuration of a detector service. `docs/configuration.md` documents it key by key.
public struct ServiceConfiguration: Hashable, Sendable {
    /// Endpoints to bind for nodes that connect.
    public var heartbeats: [Endpoint] = ["tcp://127.0.0.1:7710"]
    /// Endpoints to connect to, of nodes that bind.
    public var connect: [Endpoint] = []
    /// Which of the reachable nodes this service watches.
    public var shard = Shard.whole
    /// Endpoints to bind for the event feed.
    public var events: [Endpoint] = ["tcp://127.0.0.1:7711"]
    /// Endpoints to bind for requests.
    public var control: [Endpoint] = ["tcp://127.0.0.1:7712"]
    /// The detector that evaluates arrivals, with the profile for new nodes.
    public var model = DetectorSpec.adaptive(.init())
    /// Name or path of that profile; nil without a profile.
    public var profile: String?
    /// The levels with their policies: global, per group, and per node.
    public var policies = PolicyTable(levels: Level.standard(for: .adaptive(.init())))
    /// Nodes that should send heartbeats, each once, in the order in which they were stated.
    public var expected: [NodeIdentity] = []
    /// How long an expected node may take until its first heartbeat.
    public var joinWithin: Duration = .seconds(60)
    /// Silence after which a node is forgotten.
    public var retention: Duration = .seconds(86_400)
    /// When a mass silence holds back suspicions; nil never does.
    public var hold: HoldRule? = HoldRule()
    public var recovery = RecoveryRule()
    /// The folder of the state store; nil persists nothing.
    public var state: String?
    /// Where all inputs of the detector are recorded; nil records nothing.
    public var record: RecordingBounds?
    public var limits = Limits()
    public var log = LogFormat.logfmt

    public var levels: [Level] { policies.levels }

    public struct Limits: Hashable, Sendable {
        /// Maximum number of nodes.
        public var nodes = 1_000_000
        /// Maximum number of events kept for subscribers that missed some.
        public var events = 100_000
        public init() {}
    }
    public init() {}
}

/// Where recordings go, and their size limits.
public struct RecordingBounds: Hashable, Sendable {
    public var folder: String
    /// Size in bytes after which the next file begins.
    public var fileSize: Int = 64_000_000
    /// Total size in bytes above which the oldest files are deleted; at least `fileSize`.
    public var totalSize: Int = 1_000_000_000

    public init(folder: String) { self.folder = folder }
}

/// Format of the log; one line per entry.
public enum LogFormat: String, CaseIterable, Sendable {
    /// `time=… level=info message="ready" events=tcp://127.0.0.1:7711`
    case logfmt
    /// The same fields as one JSON object.
    case json
}
