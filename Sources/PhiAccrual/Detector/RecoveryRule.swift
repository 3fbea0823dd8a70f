/// When a suspected node is trusted again: at the next heartbeat, unless asked otherwise.
///
/// Suspicion is never held back by it, and a node that goes on living is trusted in the end, so what is told last is true.
public struct RecoveryRule: Hashable, Sendable {
    /// How many heartbeats in a row must have come in time, counting the one that ended the silence; at least 1.
    public var minConsecutive: Int
    /// A level that suspected a node so often `within` some time trusts it only after a time of `quietPeriod`; nil: never so.
    public var flaps: Int?
    public var within: Int64  // ns
    /// For how long heartbeats must have come in time then.
    public var quietPeriod: Int64  // ns

    public init(
        minConsecutive: Int = 1, flaps: Int? = nil, within: Int64 = 600_000_000_000, quietPeriod: Int64 = 60_000_000_000
    ) {
        precondition(
            minConsecutive >= 1 && minConsecutive <= Int(Int32.max), "at least the heartbeat that ends the silence")
        precondition(flaps.map { (1...Recovery.maxFlaps).contains($0) } ?? true, "between 1 and 64 suspicions")
        precondition(within > 0 && quietPeriod >= 0, "times are not negative")
        (self.minConsecutive, self.flaps, self.within, self.quietPeriod) = (minConsecutive, flaps, within, quietPeriod)
    }

    /// The first heartbeat will do, always.
    var isImmediate: Bool { minConsecutive == 1 && flaps == nil }
}

/// How far one level has come on its way back to trust in a node.
struct Recovery: Sendable {
    static let maxFlaps = 64
    /// When the level suspected the node, the latest last; no more than the rule asks about.
    private(set) var suspicions: [Int64] = []  // ns
    /// When the row of heartbeats in time began, and how many it has.
    private(set) var began: Int64 = 0  // ns
    private(set) var heard: Int32 = 0

    init() {}

    mutating func suspected(at now: Int64, under rule: RecoveryRule) {
        heard = 0
        guard let flaps = rule.flaps else { return }
        if suspicions.count >= flaps { suspicions.removeFirst(suspicions.count - flaps + 1) }
        suspicions.append(now)
    }

    /// A heartbeat of a suspected node came. Says whether it may be trusted now.
    /// - Parameter inTime: Whether it came before the deadline that the one before it set.
    mutating func heard(at now: Int64, inTime: Bool, under rule: RecoveryRule) -> Bool {
        if heard == 0 || !inTime { (began, heard) = (now, 0) }
        heard = heard == .max ? .max : heard + 1
        return Int(heard) >= rule.minConsecutive
            && (!isDamped(at: now, under: rule) || now.subtractingSaturated(began) >= rule.quietPeriod)
    }

    /// Whether the level changed its mind too often of late. What counts is when the row of heartbeats began: else trust
    /// would only have to be waited for until the oldest suspicion is out of sight.
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
