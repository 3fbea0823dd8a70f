import BinaryCoding

/// When a suspected node is trusted again: by default at the next heartbeat.
///
/// The rule never delays a suspicion. A node that keeps sending is trusted eventually, so its last published verdict is
/// true.
public struct RecoveryRule: Hashable, Sendable {
    /// Minimum number of consecutive heartbeats in time, including the one that ends the silence; at least 1.
    public var minConsecutive: Int
    /// A level with this number of suspicions `within` some time trusts the node only after `quietPeriod`; nil: no
    /// damping.
    public var flaps: Int?
    public var within: Int64  // ns
    /// How long heartbeats must have been in time, if the level is damped.
    public var quietPeriod: Int64  // ns

    public init(
        minConsecutive: Int = 1, flaps: Int? = nil, within: Int64 = 600_000_000_000, quietPeriod: Int64 = 60_000_000_000
    ) {
        precondition(
            minConsecutive >= 1 && minConsecutive <= Int(Int32.max), "at least one consecutive heartbeat")
        precondition(flaps.map { (1...Recovery.maxFlaps).contains($0) } ?? true, "between 1 and 64 suspicions")
        precondition(within > 0 && quietPeriod >= 0, "times are not negative")
        (self.minConsecutive, self.flaps, self.within, self.quietPeriod) = (minConsecutive, flaps, within, quietPeriod)
    }

    /// Whether the first heartbeat always restores trust.
    var isImmediate: Bool { minConsecutive == 1 && flaps == nil }
}

/// Progress of one level towards trust in a suspected node.
struct Recovery: Sendable {
    static let maxFlaps = 64
    /// When the level suspected the node, in order; at most the rule's number of `flaps`.
    private(set) var suspicions: [Int64] = []  // ns
    /// Start and length of the present run of heartbeats in time.
    private(set) var began: Int64 = 0  // ns
    private(set) var heard: Int32 = 0

    init() {}

    mutating func suspected(at now: Int64, under rule: RecoveryRule) {
        heard = 0
        guard let flaps = rule.flaps else { return }
        if suspicions.count >= flaps { suspicions.removeFirst(suspicions.count - flaps + 1) }
        suspicions.append(now)
    }

    /// Applies a heartbeat of a suspected node. Returns whether the node may be trusted now.
    /// - Parameter inTime: Whether it arrived by the deadline that the heartbeat before it set.
    mutating func heard(at now: Int64, inTime: Bool, under rule: RecoveryRule) -> Bool {
        if heard == 0 || !inTime { (began, heard) = (now, 0) }
        heard = heard == .max ? .max : heard + 1
        return Int(heard) >= rule.minConsecutive
            && (!isDamped(at: now, under: rule) || now.subtractingSaturated(began) >= rule.quietPeriod)
    }

    /// Whether the level suspected the node too often recently. The start of the present run of heartbeats counts:
    /// otherwise a node would only have to wait until the oldest suspicion is old enough.
    func isDamped(at now: Int64, under rule: RecoveryRule) -> Bool {
        guard let flaps = rule.flaps, suspicions.count >= flaps, let oldest = suspicions.first else { return false }
        return (heard > 0 ? began : now).subtractingSaturated(oldest) < rule.within
    }
}

extension Recovery: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(UInt8(clamping: suspicions.count))
        for instant in suspicions { writer.write(instant) }
        writer.write(began)
        writer.write(heard)
    }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        for _ in 0..<(try reader.integer(UInt8.self, in: 0...UInt8(Self.maxFlaps))) {
            suspicions.append(try reader.integer())
        }
        began = try reader.integer()
        heard = try reader.integer(in: 0...Int32.max)
    }
}
