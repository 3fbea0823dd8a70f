import PhiAccrual

/// What the nodes of a swarm will do, decided in advance by a seed.
public struct SwarmPlan: Hashable, Sendable {
    public struct Settings: Hashable, Sendable {
        public var group = "swarm"
        public var nodes: Int
        public var interval: Duration
        /// Lifetime of the swarm.
        public var time: Duration
        /// Number of nodes that crash, each once, between a tenth and nine tenths of the time, and after all nodes have
        /// begun.
        public var crashes = 0
        /// Number of nodes that pause, each once: they fall silent for `pause`.
        public var pauses = 0
        public var pause: Duration = .seconds(2)
        /// Each heartbeat is delayed by a random time from 0 to this, but no longer than until the next one is due.
        public var jitter: Duration = .zero
        /// Fraction of heartbeats that are never sent: 0 ... 1.
        public var loss = 0.0
        /// Nodes begin one after the other within this time. A start of all at once would be a load that a running
        /// fleet never is.
        public var beginWithin: Duration = .zero
        public var seed: UInt64 = 1

        public init(nodes: Int, interval: Duration, time: Duration) {
            (self.nodes, self.interval, self.time) = (nodes, interval, time)
        }
    }
    public struct Node: Hashable, Sendable {
        public var identity: NodeIdentity
        /// When its first heartbeat is due, in nanoseconds after the start.
        public var begin: Int64
        /// When it crashes, in nanoseconds after the start; nil for never.
        public var crash: Int64?
        /// When it is silent, in nanoseconds after the start; nil for never.
        public var pause: Range<Int64>?
    }
    public let settings: Settings
    public let nodes: [Node]

    /// - Throws: `InvalidName` if the group's name is not valid.
    /// - Precondition: At least one node; an interval above 0; no more crashes or pauses than nodes.
    public init(_ settings: Settings) throws(InvalidName) {
        precondition(settings.nodes > 0 && settings.interval > .zero)
        precondition(max(settings.crashes, settings.pauses) <= settings.nodes)
        self.settings = settings
        var random = SplitMix64(seed: settings.seed)
        let (interval, time) = (settings.interval.nanoseconds, settings.time.nanoseconds)
        let begin = max(interval, settings.beginWithin.nanoseconds)
        let begun = max(time / 10, settings.beginWithin.nanoseconds)
        let middle = begun...max(begun, time - time / 10)
        let crashing = Set((0..<settings.nodes).shuffled(using: &random).prefix(settings.crashes))
        let pausing = Set((0..<settings.nodes).shuffled(using: &random).prefix(settings.pauses))
        var nodes: [Node] = []
        for number in 0..<settings.nodes {
            let begin = Int64.random(in: 0..<begin, using: &random)
            let (crash, pause) = (Int64.random(in: middle, using: &random), Int64.random(in: middle, using: &random))
            nodes.append(
                Node(
                    identity: try NodeIdentity(group: settings.group, name: "node-\(number + 1)"), begin: begin,
                    crash: crashing.contains(number) ? crash : nil,
                    pause: pausing.contains(number)
                        ? pause..<pause.addingSaturated(max(1, settings.pause.nanoseconds)) : nil))
        }
        self.nodes = nodes
    }
}
