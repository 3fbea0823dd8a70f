#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Mistakes predicted and mistakes made; both fade.
struct MistakeRecord: Sendable {
    private(set) var expected: Float = 0
    private(set) var made: Float = 0

    /// Mistakes that weigh as much as what is believed beforehand.
    private static let belief: Float = 5
    private static let memory: Float = 200

    mutating func account(expected share: Float, wasMistake: Bool) {
        expected += share
        if wasMistake { made += 1 }
        if expected + made > Self.memory { (expected, made) = (expected / 2, made / 2) }
    }

    /// How many mistakes come for each one predicted.
    /// - Parameter prior: What is believed of it beforehand.
    func correction(prior: Float) -> Float {
        min(8, max(0.125, (made + Self.belief * prior) / (expected + Self.belief)))
    }
}

/// Finds the price at which mistakes come as often as a budget allows.
///
/// A price and not a rate is steered, because at one price a calm minute makes fewer mistakes than its share and a
/// volatile one more, and that is how a budget buys the shortest waits. Predictions flatter, as they are made for the
/// choice that looked best; so they are corrected by the mistakes made, of the node and of its group.
struct BudgetController: Sendable {
    /// Logarithm of the price, base e; nil before the first choice.
    private var logPrice: Float?
    /// What is told of it. Beside it there is room for what it takes.
    private var word = Hysteresis()
    /// For how many heartbeats choices have said the same, one after the other; not more than are counted.
    private var heartbeatsAlike: UInt16 = 0
    /// What was predicted less than the budget allowed, so far, in mistakes.
    private var balance: Float = 0
    /// Share of mistakes predicted for the present choice, not corrected.
    private var predicted: Float = 0
    private var record = MistakeRecord()
    /// What can be had, while the budget cannot: mistakes per heartbeat within the limit.
    private var infeasible: Float?
    /// Share of heartbeats that come after outages, while these alone break the budget; else 0.
    private var outages: Float = 0
    /// The longest wait of the present choice, were there no limit, in intervals.
    private var maxTimeout: Float = 0

    private static let lowestLogPrice: Float = -3
    private static let highestLogPrice: Float = 27  // 5·10¹¹ intervals

    /// Accounts for one heartbeat.
    mutating func account(wasMistake: Bool, in group: inout MistakeRecord) {
        guard logPrice != nil else { return }
        record.account(expected: predicted, wasMistake: wasMistake)
        group.account(expected: predicted, wasMistake: wasMistake)
    }

    /// - Parameters:
    ///   - target: Mistakes per heartbeat that are allowed.
    ///   - limit: No wait is longer than this, in intervals.
    ///   - heartbeats: How many came since the last choice.
    ///   - samples: How many came in all.
    mutating func choose(
        from candidates: borrowing TimeoutCandidates, target: Float, limit: Float, heartbeats: UInt8, samples: UInt32,
        group: MistakeRecord
    ) -> TimeoutChoice {
        // What much is known of need not be seen once more.
        let heartbeatsHeard = logPrice == nil ? UInt16(clamping: samples) : UInt16(heartbeats)
        let correction = record.correction(prior: group.correction(prior: 1))
        // While the limit binds and breaks the budget no price helps: it stays where it is.
        if let logPrice, infeasible == nil {
            balance += Float(heartbeats) * (target - predicted * correction)
            // Half of what is left over, or overdrawn, is to be made good within the time of one mistake.
            balance = min(0.5, max(-0.5, balance))
            let wanted = target * (1 + balance) / correction
            let error = min(2, max(-2, logf(max(predicted, target * 1e-3)) - logf(wanted)))
            // Far off, as in early life, the price leaps: a share falls about as fast as its price grows.
            let step = (abs(error) > 0.7 ? 0.8 : 0.2) * error
            self.logPrice = min(Self.highestLogPrice, max(Self.lowestLogPrice, logPrice + step))
        } else if logPrice == nil {
            logPrice = firstLogPrice(candidates, target)
        }
        let choice = affordable(from: candidates, target / correction)
        maxTimeout = candidates.maxTimeout(of: choice)
        weigh(limit, candidates, choice, target, correction)
        outages = candidates.outages > target * (outages == 0 ? 1.5 : 1.2) ? candidates.outages : 0
        word.record(infeasible != nil || outages > 0, &heartbeatsAlike, heartbeatsHeard)
        return choice
    }

    /// The choice at the present price, or at the next higher one at which no more than twice the target is predicted: a
    /// choice lasts for many heartbeats, and one that is far too careless would spend the budget of weeks.
    private mutating func affordable(from candidates: borrowing TimeoutCandidates, _ target: Float) -> TimeoutChoice {
        var price = logPrice ?? 0
        while true {
            let choice = candidates.minimumCost(at: expf(price))
            predicted = candidates.share(of: choice).all
            guard predicted > 2 * target, price < Self.highestLogPrice else { return choice }
            price += 0.5
        }
    }

    /// Whether the limit lets the budget be kept, with some inertia. Only what was seen can break a budget: of a new node
    /// much is thought possible.
    private mutating func weigh(
        _ limit: Float, _ candidates: borrowing TimeoutCandidates, _ choice: TimeoutChoice, _ target: Float,
        _ correction: Float
    ) {
        guard maxTimeout > limit else {
            infeasible = nil
            return
        }
        let limited = candidates.share(of: choice, limit: limit)
        predicted = limited.all
        let share = limited.seen * correction
        infeasible = share > target * (infeasible == nil ? 1.5 : 1.2) ? min(1, share) : nil
        balance = 0  // what the limit costs is not to be made good
    }

    /// The least price whose choice keeps within the target, by bisection.
    private func firstLogPrice(_ candidates: borrowing TimeoutCandidates, _ target: Float) -> Float {
        var (low, high) = (Self.lowestLogPrice, Self.highestLogPrice)
        for _ in 0..<12 {
            let middle = (low + high) / 2
            if candidates.share(of: candidates.minimumCost(at: expf(middle))).all > target {
                low = middle
            } else {
                high = middle
            }
        }
        return high
    }

    /// Nil while the budget can be kept, or has not been out of reach for long.
    func shortfall(unit: Double) -> BudgetShortfall? {
        guard word.isShort else { return nil }
        if infeasible == nil, outages > 0 {
            return BudgetShortfall(mistakesPerHeartbeat: Double(outages), neededTimeout: nil)
        }
        let neededTimeout = Int64(saturating: Double(maxTimeout) * unit)
        return BudgetShortfall(mistakesPerHeartbeat: Double(infeasible ?? predicted), neededTimeout: neededTimeout)
    }
}

/// What people are told of a budget: that it cannot be kept, or can. Single choices change their minds, at the border and in a
/// node's youth most of all; only what lasts is told, and the more often that changed the longer it has to last.
///
/// In one byte, since every level of every node has one.
struct Hysteresis: Sendable {
    private var bits: UInt8 = 0

    /// Heartbeats for which something must last that is told for the first time.
    static let patience: UInt16 = 256
    /// Patience doubles so often, up to 2¹⁵ heartbeats.
    private static let maxTurns: UInt8 = 7

    /// Whether the budget cannot be kept, as told.
    private(set) var isShort: Bool {
        get { bits & 0x80 != 0 }
        set { bits = newValue ? bits | 0x80 : bits & ~0x80 }
    }
    /// What the last choice said of it.
    private var wasShort: Bool {
        get { bits & 0x40 != 0 }
        set { bits = newValue ? bits | 0x40 : bits & ~0x40 }
    }
    /// How often something else was told, less the times that it lasted long since.
    private var turns: UInt8 {
        get { bits & 0x0F }
        set { bits = bits & 0xF0 | newValue }
    }

    /// - Parameters:
    ///   - isShortNow: What a choice says.
    ///   - alike: For how many heartbeats choices have said the same.
    ///   - heartbeats: For how many this one does.
    mutating func record(_ isShortNow: Bool, _ alike: inout UInt16, _ heartbeats: UInt16) {
        if isShortNow != wasShort { (wasShort, alike) = (isShortNow, 0) }
        alike = alike.addingReportingOverflow(heartbeats).overflow ? .max : alike + heartbeats
        let patience = Self.patience << UInt16(turns)
        if isShortNow != isShort, alike >= patience {
            (isShort, alike) = (isShortNow, 0)
            turns = min(Self.maxTurns, turns + 1)
        } else if isShortNow == isShort, turns > 0, alike / 2 >= patience || alike == .max {
            (turns, alike) = (turns - 1, 0)
        }
    }
}

// MARK: Stored state

extension MistakeRecord: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(expected)
        writer.write(made)
    }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        expected = try reader.float(in: 0...Self.memory)
        made = try reader.float(in: 0...Self.memory)
    }
}

extension BudgetController: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(logPrice) { $0.write($1) }
        writer.write(word)
        writer.write(heartbeatsAlike)
        writer.write(infeasible) { $0.write($1) }
        for number in [balance, predicted, outages, maxTimeout] { writer.write(number) }
        writer.write(record)
    }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        // Prices far outside would take for ever to come back.
        logPrice = try reader.optional { reader throws(CorruptData) in
            try reader.float(in: Self.lowestLogPrice...Self.highestLogPrice)
        }
        word = try reader.state()
        heartbeatsAlike = try reader.integer()
        infeasible = try reader.optional { reader throws(CorruptData) in try reader.magnitude() }
        balance = try reader.float(in: -0.5...0.5)
        predicted = try reader.magnitude()
        outages = try reader.magnitude()
        maxTimeout = try reader.magnitude()
        record = try reader.state()
    }
}

extension Hysteresis: BinaryCodable {
    func write(to writer: inout BinaryWriter) { writer.write(bits) }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        bits = try reader.integer()
        guard turns <= Self.maxTurns, bits & 0x30 == 0 else { throw CorruptData("no budget is spoken of so") }
    }
}
