/// What every heartbeat of a node reads and writes.
struct WatchedNode: Sendable {
    var key: UInt64
    /// Of the newest heartbeat; of the expectation, while the node is `new`.
    var lastArrival: Int64 = 0  // ns
    var lastSent: Int64?  // ns of the sender's clock
    // What is small fills the gap that an optional number leaves.
    var state = NodeState()
    /// A bit per level whose budget cannot be kept.
    var infeasibleLevels: UInt8 = 0
    /// Fresh heartbeats so far, up to what trust takes. Kept over incarnations: what was learned stays.
    var confirmations: UInt8 = 0
    var flags = Flags()
    /// How much later than expected the sender sent its newest heartbeat.
    var senderLate: Int64?  // ns
    /// The group it learns with.
    var group: UInt16 = 0
    /// The policies that it is under.
    var plan: UInt16 = 0
    var missing: Int64 = 0
    var incarnation: UInt32 = 0
    var sequence: UInt32 = 0

    /// What is seldom so. Each mark tells that there is something to see elsewhere, or to do.
    struct Flags: OptionSet, Sendable {
        let rawValue: UInt8
        /// `NodeColdState` has a claimant.
        static var contended: Flags { Flags(rawValue: 1) }
        /// `NodeColdState` has a pause.
        static var paused: Flags { Flags(rawValue: 2) }
        /// Part of the present silence is nobody's fault: the gap that it becomes is not learned from.
        static var exempt: Flags { Flags(rawValue: 4) }
        /// It is kept however long it is silent.
        static var kept: Flags { Flags(rawValue: 8) }
        /// Its present silence was doubted for as long as it may be.
        static var undecided: Flags { Flags(rawValue: 16) }
        /// Others were taken in with its newest heartbeat as one, and its schedule starts with that.
        static var coalesced: Flags { Flags(rawValue: 32) }
        static var all: Flags { [.contended, .paused, .exempt, .kept, .undecided, .coalesced] }
    }

    /// Heartbeats until a node is trusted, and until a stubborn sender is believed.
    static let requiredConfirmations: UInt8 = 3

    init(key: NodeKey) { self.key = key.rawValue }

    /// How a heartbeat stands to the newest one.
    func order(_ heartbeat: Heartbeat, expectedInterval: Int64) -> HeartbeatOutcome {
        guard state.phase != .new, heartbeat.incarnation <= incarnation else { return .fresh }
        guard heartbeat.incarnation == incarnation else { return .olderIncarnation }
        let ahead = sequence.distance(toNewer: heartbeat.sequence)
        if ahead == 0 { return .repeated }
        if ahead < 0 { return .late }
        return ahead > Self.plausibleJump(expectedInterval: expectedInterval) ? .implausibleJump : .fresh
    }

    /// Takes in a fresh heartbeat that came at the same instant as the one before, if nothing is to be told of it: only its
    /// number, so that no heartbeat is missing. Says whether it could.
    mutating func coalesce(_ heartbeat: Heartbeat, at now: Int64) -> Bool {
        guard now == lastArrival, state.isTrusted, heartbeat.incarnation == incarnation, !heartbeat.isLeaving else {
            return false
        }
        missing += sequence.distance(toNewer: heartbeat.sequence) - 1
        (sequence, lastSent) = (heartbeat.sequence, heartbeat.sent)
        return true
    }

    /// How far a sequence may go up at once: a day of heartbeats, and a thousand in any case.
    static func plausibleJump(expectedInterval: Int64) -> Int64 {
        let day: Int64 = 86_400_000_000_000
        return max(1000, expectedInterval > 0 ? day / expectedInterval : 0)
    }
}

/// What is thought of a node at all levels together.
struct NodeState: Hashable, Sendable {
    /// Where the node is in its life, before any level's suspicion.
    enum Phase: UInt8, Sendable { case new, learning, trusted, left }
    var phase = Phase.new
    private var suspectedLevels: UInt8 = 0  // a bit per level

    func isSuspected(atLevel level: Int) -> Bool { suspectedLevels & (1 << UInt8(level)) != 0 }
    mutating func suspect(atLevel level: Int) { suspectedLevels |= 1 << UInt8(level) }
    mutating func clearSuspicion(atLevel level: Int) { suspectedLevels &= ~(1 << UInt8(level)) }
    var isSuspectedAnywhere: Bool { suspectedLevels != 0 }
    mutating func leave() { (phase, suspectedLevels) = (.left, 0) }

    /// Heard, and not gone: its silence means something.
    var isWatched: Bool { phase == .learning || phase == .trusted }
    /// Trusted at every level: then only a goodbye or a silence changes anything.
    var isTrusted: Bool { phase == .trusted && suspectedLevels == 0 }
    /// Whether heartbeats of another incarnation may take over after some confirmation.
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
    /// How far `other` is ahead, in serial-number arithmetic (RFC 1982): below 0 if it is behind, and for the one
    /// number that is as far ahead as behind.
    func distance(toNewer other: UInt32) -> Int64 { Int64(Int32(bitPattern: other &- self)) }
}

/// A sender that speaks out of turn, watched in case it is the living one.
///
/// A node whose clock was set back, or that restarted twice within a second, must not stay suspected for ever.
struct ContendingSender: Sendable {
    private(set) var incarnation: UInt32
    private(set) var sequence: UInt32
    /// Heartbeats in order since the accepted sender was last heard.
    private(set) var inOrder: UInt8 = 1
    /// How often the two senders took turns.
    private(set) var turns: UInt8 = 0
    private var acceptedSpokeSince = false

    init(_ heartbeat: Heartbeat) { (incarnation, sequence) = (heartbeat.incarnation, heartbeat.sequence) }

    /// Takes in one more heartbeat out of turn; one that does not continue this claimant's is another claimant.
    mutating func observe(_ heartbeat: Heartbeat, plausibleJump: Int64) {
        guard heartbeat.incarnation == incarnation,
            (1...plausibleJump).contains(sequence.distance(toNewer: heartbeat.sequence))
        else {
            // The number said before once more proves nothing, and takes nothing away.
            if heartbeat.incarnation != incarnation || heartbeat.sequence != sequence {
                self = ContendingSender(heartbeat)
            }
            return
        }
        sequence = heartbeat.sequence
        inOrder = inOrder == .max ? .max : inOrder + 1
        if acceptedSpokeSince { turns = turns == .max ? .max : turns + 1 }
        acceptedSpokeSince = false
    }
    mutating func acceptedSpoke() {
        inOrder = 0
        acceptedSpokeSince = true
    }
}

extension ContendingSender: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(incarnation)
        writer.write(sequence)
        writer.write(inOrder)
        writer.write(turns)
        writer.write(acceptedSpokeSince)
    }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        incarnation = try reader.integer()
        sequence = try reader.integer()
        inOrder = try reader.integer()
        turns = try reader.integer()
        acceptedSpokeSince = try reader.bool()
    }
}

/// What is seldom needed of a node.
struct NodeColdState: Sendable {
    var identity: NodeIdentity?
    var contender: ContendingSender?
    var discarded: Int64 = 0
    var emitted: Set<Notice.Code> = []
    var pause: Pause?
    /// What the present silence is counted from for retention, where that is not the last arrival: the end of a pause, or what
    /// an earlier run heard last.
    var silentSince: Int64?  // ns
    /// When the node's connection was closed last.
    var disconnectedAt: Int64?  // ns
    /// Per level; empty until the node is suspected for the first time, and where recovery is immediate.
    var recoveries: [Recovery] = []
    /// Its place among the members of its group.
    var place: Int32 = -1
}
