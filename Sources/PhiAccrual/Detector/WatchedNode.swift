import BinaryCoding

/// What every heartbeat of a node reads and writes.
struct WatchedNode: Sendable {
    let key: UInt64
    /// Arrival of the newest heartbeat; while the node is `new`, the instant at which it was expected first.
    var lastArrival: Int64 = 0  // ns
    var lastSent: Int64?  // ns of the sender's clock
    // Small fields fill the gap that the optional leaves.
    var state = NodeState()
    /// One bit per level whose budget is infeasible.
    var infeasibleLevels: UInt8 = 0
    /// Fresh heartbeats so far, up to `requiredConfirmations`. Kept across incarnations, as learned state is.
    var confirmations: UInt8 = 0
    var flags = Flags()
    /// How much later than expected the sender sent its newest heartbeat, by its own clock.
    var senderLate: Int64?  // ns
    /// Number of the group that it learns with. Only `NodeTable` changes it.
    var group: UInt16 = 0
    /// Number of its set of effective policies.
    var plan: UInt16 = 0
    var missing: Int64 = 0
    var incarnation: UInt32 = 0
    var sequence: UInt32 = 0

    /// Rare conditions. A flag points to more state elsewhere, or to an extra step.
    struct Flags: OptionSet, Sendable {
        let rawValue: UInt8
        /// `NodeColdState` has a contender.
        static var contended: Flags { Flags(rawValue: 1) }
        /// `NodeColdState` has a pause.
        static var paused: Flags { Flags(rawValue: 2) }
        /// Part of the present silence has another cause than the node: the resulting gap is not learned.
        static var exempt: Flags { Flags(rawValue: 4) }
        /// Retention does not apply: the node is kept regardless of silence.
        static var kept: Flags { Flags(rawValue: 8) }
        /// Its present silence was undecided for the maximum time.
        static var undecided: Flags { Flags(rawValue: 16) }
        /// Other heartbeats were coalesced with its newest one, and its schedule starts there.
        static var coalesced: Flags { Flags(rawValue: 32) }
        static var all: Flags { [.contended, .paused, .exempt, .kept, .undecided, .coalesced] }
    }

    /// Heartbeats until a node is trusted, and until a contending sender takes over.
    static let requiredConfirmations: UInt8 = 3

    init(key: NodeKey) { self.key = key.rawValue }

    /// Compares a heartbeat with the newest accepted one.
    func order(_ heartbeat: Heartbeat, expectedInterval: Int64) -> HeartbeatOutcome {
        guard state.phase != .new, heartbeat.incarnation <= incarnation else { return .fresh }
        guard heartbeat.incarnation == incarnation else { return .staleIncarnation }
        let ahead = sequence.distance(toNewer: heartbeat.sequence)
        if ahead == 0 { return .duplicate }
        if ahead < 0 { return .outOfOrder }
        return ahead > Self.plausibleJump(expectedInterval: expectedInterval) ? .implausibleJump : .fresh
    }

    /// Applies only the number of a fresh heartbeat that arrived at the same instant as the one before and changes no
    /// verdict, so that no heartbeat counts as missing. Returns false if the heartbeat must be applied in full.
    mutating func coalesce(_ heartbeat: Heartbeat, at now: Int64) -> Bool {
        guard now == lastArrival, state.isTrusted, heartbeat.incarnation == incarnation, !heartbeat.isLeaving else {
            return false
        }
        missing += sequence.distance(toNewer: heartbeat.sequence) - 1
        (sequence, lastSent) = (heartbeat.sequence, heartbeat.sent)
        return true
    }

    /// The largest plausible step of a sequence: one day of heartbeats, and at least 1000.
    static func plausibleJump(expectedInterval: Int64) -> Int64 {
        let day: Int64 = 86_400_000_000_000
        return max(1000, expectedInterval > 0 ? day / expectedInterval : 0)
    }
}

/// Verdicts on a node at all levels.
struct NodeState: Hashable, Sendable {
    /// The node's phase of life, regardless of suspicion at any level.
    enum Phase: UInt8, Sendable {
        // Stored.
        case new = 0
        case learning = 1
        case trusted = 2
        case left = 3
    }
    var phase = Phase.new
    private var suspectedLevels: UInt8 = 0  // a bit per level

    func isSuspected(atLevel level: Int) -> Bool { suspectedLevels & (1 << UInt8(level)) != 0 }
    mutating func suspect(atLevel level: Int) { suspectedLevels |= 1 << UInt8(level) }
    mutating func clearSuspicion(atLevel level: Int) { suspectedLevels &= ~(1 << UInt8(level)) }
    var isSuspectedAnywhere: Bool { suspectedLevels != 0 }
    mutating func leave() { (phase, suspectedLevels) = (.left, 0) }

    /// Heard, and has not left: its silence is evidence.
    var isWatched: Bool { phase == .learning || phase == .trusted }
    /// Trusted at every level: only a goodbye or a silence changes the verdict.
    var isTrusted: Bool { phase == .trusted && suspectedLevels == 0 }
    /// Whether a confirmed contending sender may take over.
    var mayBeTakenOver: Bool { suspectedLevels != 0 || phase == .left }

    func verdict(atLevel level: Int) -> Verdict {
        if isSuspected(atLevel: level) { return .suspected }
        switch phase {
        case .new: return .new
        case .learning: return .learning
        case .trusted: return .trusted
        case .left: return .left
        }
    }
}

extension UInt32 {
    /// How far `other` is ahead, in serial-number arithmetic (RFC 1982). Negative if it is behind, and for the one
    /// number that is as far ahead as behind.
    func distance(toNewer other: UInt32) -> Int64 { Int64(Int32(bitPattern: other &- self)) }
}

/// A sender whose heartbeats are discarded, observed because it may be the live one.
///
/// A node whose clock was set back, or that restarted twice within a second, must not stay suspected for ever.
struct ContendingSender: Sendable {
    private(set) var incarnation: UInt32
    private(set) var sequence: UInt32
    /// Heartbeats in order since the accepted sender was last heard.
    private(set) var inOrder: UInt8 = 1
    /// How often the two senders alternated.
    private(set) var turns: UInt8 = 0
    private var acceptedSinceLast = false

    init(_ heartbeat: Heartbeat) { (incarnation, sequence) = (heartbeat.incarnation, heartbeat.sequence) }

    /// Applies one more discarded heartbeat. A heartbeat that does not continue this contender's sequence starts a new
    /// contender.
    mutating func observe(_ heartbeat: Heartbeat, plausibleJump: Int64) {
        guard heartbeat.incarnation == incarnation,
            (1...plausibleJump).contains(sequence.distance(toNewer: heartbeat.sequence))
        else {
            // A repeated number proves nothing, and resets nothing.
            if heartbeat.incarnation != incarnation || heartbeat.sequence != sequence {
                self = ContendingSender(heartbeat)
            }
            return
        }
        sequence = heartbeat.sequence
        inOrder = inOrder == .max ? .max : inOrder + 1
        if acceptedSinceLast { turns = turns == .max ? .max : turns + 1 }
        acceptedSinceLast = false
    }
    mutating func observeAccepted() {
        inOrder = 0
        acceptedSinceLast = true
    }
}

extension ContendingSender: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(incarnation)
        writer.write(sequence)
        writer.write(inOrder)
        writer.write(turns)
        writer.write(acceptedSinceLast)
    }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        incarnation = try reader.integer()
        sequence = try reader.integer()
        inOrder = try reader.integer()
        turns = try reader.integer()
        acceptedSinceLast = try reader.bool()
    }
}

/// State of a node that is rarely needed.
struct NodeColdState: Sendable {
    var identity: NodeIdentity?
    var contender: ContendingSender?
    var discarded: Int64 = 0
    var emitted: Set<Notice.Code> = []
    var pause: Pause?
    /// Start of the present silence for retention, if it is not the last arrival: the end of a pause, or the last
    /// arrival in an earlier run.
    var silentSince: Int64?  // ns
    /// When the node's connection was last closed.
    var disconnectedAt: Int64?  // ns
    /// Per level; empty until the node is first suspected, and if recovery is immediate.
    var recoveries: [Recovery] = []
}
