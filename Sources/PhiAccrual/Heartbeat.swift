/// “I am up”: one message of a node, reduced to what failure detection needs.
public struct Heartbeat: Hashable, Sendable {
    public var key: NodeKey
    /// Number of the node's start, here its Unix time in seconds. It orders heartbeats before `sequence` does.
    public var incarnation: UInt32
    /// Number of this heartbeat since the node's start; 2³² − 1 is followed by 0.
    public var sequence: UInt32
    /// When it was sent, in nanoseconds of the sender's own clock; nil if the sender gave no time.
    public var sent: Int64?
    /// The interval between heartbeats that the sender announces, in nanoseconds; 0 if it announces none. This is only
    /// a hint: the actual arrivals count.
    public var announcedInterval: Int64
    /// The node is shutting down on purpose: its silence is not a failure.
    public var isLeaving: Bool

    public init(
        key: NodeKey, incarnation: UInt32 = 0, sequence: UInt32, sent: Int64? = nil, announcedInterval: Int64 = 0,
        isLeaving: Bool = false
    ) {
        self.key = key
        self.incarnation = incarnation
        self.sequence = sequence
        self.sent = sent
        self.announcedInterval = max(0, announcedInterval)
        self.isLeaving = isLeaving
    }
}
