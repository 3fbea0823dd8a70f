/// When a suspected node is trusted again: at the next heartbeat, unless asked otherwise.
///
/// Suspicion is never held back by it, and a node that goes on living is trusted in the end, so what is told last is true.
public struct RecoveryRule: Hashable, Sendable {
    /// How many heartbeats in a row must have come in time, counting the one that ended the silence; at least 1.
    public var steady: Int
    /// A level that suspected a node so often `within` some time trusts it only after a time of `calm`; nil: never so.
    public var flaps: Int?
    public var within: Int64  // ns
    /// For how long heartbeats must have come in time then.
    public var calm: Int64  // ns

    public init(steady: Int = 1, flaps: Int? = nil, within: Int64 = 600_000_000_000, calm: Int64 = 60_000_000_000) {
        precondition(steady >= 1 && steady <= Int(Int32.max), "at least the heartbeat that ends the silence")
        precondition(flaps.map { (1...Recovery.mostFlaps).contains($0) } ?? true, "between 1 and 64 suspicions")
        precondition(within > 0 && calm >= 0, "times are not negative")
        (self.steady, self.flaps, self.within, self.calm) = (steady, flaps, within, calm)
    }

    /// The first heartbeat will do, always.
    var isImmediate: Bool { steady == 1 && flaps == nil }
}

/// How far one level has come on its way back to trust in a node.
struct Recovery: Sendable {
    static let mostFlaps = 64
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
        return Int(heard) >= rule.steady
            && (!isDamped(at: now, under: rule) || now.subtractingSaturated(began) >= rule.calm)
    }

    /// Whether the level changed its mind too often of late. What counts is when the row of heartbeats began: else trust
    /// would only have to be waited for until the oldest suspicion is out of sight.
    func isDamped(at now: Int64, under rule: RecoveryRule) -> Bool {
        guard let flaps = rule.flaps, suspicions.count >= flaps, let oldest = suspicions.first else { return false }
        return (heard > 0 ? began : now).subtractingSaturated(oldest) < rule.within
    }
}

extension Recovery: StoredState {
    func write(to writer: inout StateWriter) {
        writer.write(UInt8(clamping: suspicions.count))
        for instant in suspicions { writer.write(instant) }
        writer.write(began)
        writer.write(heard)
    }
    init(from reader: inout StateReader) throws(DamagedState) {
        for _ in 0..<(try reader.integer(UInt8.self, in: 0...UInt8(Self.mostFlaps))) {
            suspicions.append(try reader.integer())
        }
        began = try reader.integer()
        heard = try reader.integer(in: 0...Int32.max)
    }
}
