import BinaryCoding
import CMath

/// Counts of predicted and actual mistakes. Both are halved when their sum exceeds 200, so old mistakes fade.
struct MistakeRecord: Sendable {
    private(set) var expected: Float = 0
    private(set) var made: Float = 0

    /// Weight of the prior, in mistakes.
    private static let priorWeight: Float = 5
    private static let memory: Float = 200

    mutating func account(expected share: Float, wasMistake: Bool) {
        expected += share
        if wasMistake { made += 1 }
        if expected + made > Self.memory { (expected, made) = (expected / 2, made / 2) }
    }

    /// Ratio of actual to predicted mistakes, limited to 0.125 ... 8.
    /// - Parameter prior: The ratio assumed before there is data.
    func correction(prior: Float) -> Float {
        min(8, max(0.125, (made + Self.priorWeight * prior) / (expected + Self.priorWeight)))
    }
}

/// Finds the price at which the mistake rate meets a budget.
///
/// It controls a price and not a rate. At one price, a calm minute makes fewer mistakes than its share and a volatile
/// minute more, and this gives the shortest timeouts that a budget can buy. Predictions are optimistic, because they
/// are made for the choice that looked best. The controller corrects them by the actual mistakes of the node and its
/// group.
struct BudgetController: Sendable {
    /// Natural logarithm of the price; nil before the first choice.
    private var logPrice: Float?
    /// What is published about the budget. Its counter `agreeingHeartbeats` is stored beside it, where the layout leaves
    /// room.
    private var hysteresis = Hysteresis()
    /// Number of consecutive heartbeats for which choices agreed whether the budget is feasible; saturates.
    private var agreeingHeartbeats: UInt16 = 0
    /// Mistakes allowed by the budget minus mistakes predicted, so far; limited to −0.5 ... 0.5.
    private var balance: Float = 0
    /// Share of mistakes predicted for the current choice, without correction.
    private var predicted: Float = 0
    private var record = MistakeRecord()
    /// Achievable mistakes per heartbeat within the limit, while the budget is infeasible; nil while it is feasible.
    private var infeasible: Float?
    /// Share of heartbeats that end an outage, while outages alone exceed the budget; otherwise 0.
    private var outages: Float = 0
    /// Maximum mean timeout of the current choice without the limit, in intervals.
    private var maxTimeout: Float = 0

    private static let lowestLogPrice: Float = -3
    private static let highestLogPrice: Float = 27  // 5·10¹¹ intervals

    /// Records one heartbeat, for the node and for its group.
    mutating func account(wasMistake: Bool, in group: inout MistakeRecord) {
        guard logPrice != nil else { return }
        record.account(expected: predicted, wasMistake: wasMistake)
        group.account(expected: predicted, wasMistake: wasMistake)
    }

    /// - Parameters:
    ///   - target: Allowed mistakes per heartbeat.
    ///   - limit: Maximum timeout, in intervals.
    ///   - heartbeats: Number of heartbeats since the last choice.
    ///   - samples: Number of heartbeats in total.
    mutating func choose(
        from candidates: borrowing TimeoutCandidates, target: Float, limit: Float, heartbeats: UInt8, samples: UInt32,
        group: MistakeRecord
    ) -> TimeoutChoice {
        // The first choice counts all earlier heartbeats: a node with much data needs no further evidence.
        let heartbeatsHeard = logPrice == nil ? UInt16(clamping: samples) : UInt16(heartbeats)
        let correction = record.correction(prior: group.correction(prior: 1))
        // While the limit binds and breaks the budget, no price helps, so the price stays.
        if let logPrice, infeasible == nil {
            balance += Float(heartbeats) * (target - predicted * correction)
            // At most half a mistake, saved or overspent, is to be made good within the time of one mistake.
            balance = min(0.5, max(-0.5, balance))
            let wanted = target * (1 + balance) / correction
            let error = min(2, max(-2, logf(max(predicted, target * 1e-3)) - logf(wanted)))
            // Far off, as during a cold start, the price moves faster: a share falls about as fast as its price grows.
            let step = (abs(error) > 0.7 ? 0.8 : 0.2) * error
            self.logPrice = min(Self.highestLogPrice, max(Self.lowestLogPrice, logPrice + step))
        } else if logPrice == nil {
            logPrice = firstLogPrice(candidates, target)
        }
        let choice = affordable(from: candidates, target / correction)
        maxTimeout = candidates.maxTimeout(of: choice)
        checkLimit(limit, candidates, choice, target, correction)
        outages = candidates.outages > target * (outages == 0 ? 1.5 : 1.2) ? candidates.outages : 0
        hysteresis.record(infeasible != nil || outages > 0, &agreeingHeartbeats, heartbeatsHeard)
        return choice
    }

    /// The choice at the current price, or at the next higher price that predicts no more than twice the target. A
    /// choice lasts for many heartbeats, and one that makes far too many mistakes would spend the budget of weeks.
    private mutating func affordable(from candidates: borrowing TimeoutCandidates, _ target: Float) -> TimeoutChoice {
        var price = logPrice ?? 0
        while true {
            let choice = candidates.minimumCost(at: expf(price))
            predicted = candidates.share(of: choice).all
            guard predicted > 2 * target, price < Self.highestLogPrice else { return choice }
            price += 0.5
        }
    }

    /// Checks, with hysteresis, whether the budget can be met within the limit. Only observed lateness can make a
    /// budget infeasible: for a new node the prior alone predicts many mistakes.
    private mutating func checkLimit(
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
        balance = 0  // mistakes caused by the limit are not made good
    }

    /// Logarithm of the lowest price whose choice stays within the target, by bisection.
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

    /// Nil while the budget is feasible, or has not been infeasible for long enough.
    func shortfall(unit: Double) -> BudgetShortfall? {
        guard hysteresis.isShort else { return nil }
        if infeasible == nil, outages > 0 {
            return BudgetShortfall(mistakesPerHeartbeat: Double(outages), neededTimeout: nil)
        }
        let neededTimeout = Int64(saturating: Double(maxTimeout) * unit)
        return BudgetShortfall(mistakesPerHeartbeat: Double(infeasible ?? predicted), neededTimeout: neededTimeout)
    }
}

/// Decides when to publish that a budget is infeasible, or feasible again.
///
/// Single choices change their result, mostly near the border and during a cold start. Only a result that lasts is
/// published. The more often the published state changed, the longer a result must last.
///
/// It takes one byte, because every level of every node has one.
struct Hysteresis: Sendable {
    private var bits: UInt8 = 0

    /// Number of heartbeats for which a result must last before the first change is published.
    static let minHeartbeats: UInt16 = 256
    /// How often `minHeartbeats` can double; it ends at 2¹⁵ heartbeats.
    private static let maxTurns: UInt8 = 7

    /// Whether the budget is published as infeasible.
    private(set) var isShort: Bool {
        get { bits & 0x80 != 0 }
        set { bits = newValue ? bits | 0x80 : bits & ~0x80 }
    }
    /// Whether the budget was infeasible at the last choice.
    private var wasShort: Bool {
        get { bits & 0x40 != 0 }
        set { bits = newValue ? bits | 0x40 : bits & ~0x40 }
    }
    /// Number of published changes, minus the number of times that the published state has lasted long since.
    private var flips: UInt8 {
        get { bits & 0x0F }
        set { bits = bits & 0xF0 | newValue }
    }

    /// - Parameters:
    ///   - isShortNow: Whether the budget is infeasible at this choice.
    ///   - alike: Number of heartbeats for which choices agreed.
    ///   - heartbeats: Number of heartbeats that this choice adds.
    mutating func record(_ isShortNow: Bool, _ alike: inout UInt16, _ heartbeats: UInt16) {
        if isShortNow != wasShort { (wasShort, alike) = (isShortNow, 0) }
        alike = alike.addingReportingOverflow(heartbeats).overflow ? .max : alike + heartbeats
        let minHeartbeats = Self.minHeartbeats << UInt16(flips)
        if isShortNow != isShort, alike >= minHeartbeats {
            (isShort, alike) = (isShortNow, 0)
            flips = min(Self.maxTurns, flips + 1)
        } else if isShortNow == isShort, flips > 0, alike / 2 >= minHeartbeats || alike == .max {
            (flips, alike) = (flips - 1, 0)
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
        writer.write(hysteresis)
        writer.write(agreeingHeartbeats)
        writer.write(infeasible) { $0.write($1) }
        for number in [balance, predicted, outages, maxTimeout] { writer.write(number) }
        writer.write(record)
    }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        // A price far outside this range would take forever to return to it.
        logPrice = try reader.optional { reader throws(CorruptData) in
            try reader.float(in: Self.lowestLogPrice...Self.highestLogPrice)
        }
        hysteresis = try reader.state()
        agreeingHeartbeats = try reader.integer()
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
        guard flips <= Self.maxTurns, bits & 0x30 == 0 else { throw CorruptData("invalid budget state") }
    }
}
