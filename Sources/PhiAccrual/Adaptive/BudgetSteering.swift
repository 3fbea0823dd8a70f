#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Finds the price at which mistakes, as predicted, come as often as a budget allows.
///
/// A price and not a rate is steered, because at one price a calm minute makes fewer mistakes than its share and a
/// volatile one more, and that is how a budget buys the shortest waits.
struct BudgetSteering: Hashable, Sendable {
    /// Logarithm of the price, base e; nil before the first choice.
    private var logPrice: Float?
    /// What was predicted less than the budget allowed, so far, in mistakes.
    private var balance: Float = 0
    /// Share of mistakes predicted for the present choice.
    private(set) var predicted: Float = 0
    // What was predicted and what was made, in mistakes; both fade.
    private var expected: Float = 0
    private var made: Float = 0
    /// The wait that the present choice came to at the last heartbeat, in nanoseconds.
    private var wait: Float = .infinity

    /// Mistakes that weigh as much as the belief that predictions are true.
    private static let belief: Float = 5

    /// How often a mistake comes for each one predicted. Predictions flatter: they are made for the choice that looked
    /// best.
    var correction: Float { (made + Self.belief) / (expected + Self.belief) }

    /// Accounts for one heartbeat that came after a gap of so many nanoseconds.
    mutating func account(gap: Float) {
        if gap > wait { made += 1 }
        expected += predicted
        if expected + made > 200 { (expected, made) = (expected / 2, made / 2) }
    }
    mutating func promise(wait: Float) { self.wait = wait }

    /// - Parameters:
    ///   - target: Mistakes per heartbeat that are allowed.
    ///   - heartbeats: How many the choice is for.
    /// - Returns: An item of the menu.
    mutating func choose(from menu: WaitMenu, target: Float, heartbeats: UInt8) -> Int {
        if let logPrice {
            balance += Float(heartbeats) * (target - predicted * correction)
            // Half of what is left over, or overdrawn, is to be made good within the time of one mistake.
            balance = min(0.5, max(-0.5, balance))
            let wanted = target * (1 + balance) / min(8, max(0.125, correction))
            let error = logf(max(predicted, target * 1e-3)) - logf(wanted)
            self.logPrice = min(27, max(-3, logPrice + 0.1 * min(2, max(-2, error))))
        } else {
            logPrice = firstLogPrice(menu, target)
        }
        let item = menu.cheapest(at: expf(logPrice ?? 0))
        predicted = menu.shares[item]
        return item
    }

    /// The least price whose choice keeps within the target, by bisection.
    private func firstLogPrice(_ menu: WaitMenu, _ target: Float) -> Float {
        var (low, high): (Float, Float) = (-3, 27)
        for _ in 0..<16 {
            let middle = (low + high) / 2
            if menu.shares[menu.cheapest(at: expf(middle))] > target { low = middle } else { high = middle }
        }
        return high
    }
}
