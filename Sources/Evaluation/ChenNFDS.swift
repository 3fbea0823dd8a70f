/// The exact quality of service of NFD-S, the simplest detector with a closed formula. Measurements are tested against
/// it.
///
/// Heartbeat *i* is sent at *i*·η. From τ_i = *i*·η + δ until τ_{i+1}, the node is trusted if any heartbeat with number
/// *i* or higher has arrived. Losses and delays are independent, and the clocks are synchronized.
///
/// Source: Chen, Toueg and Aguilera, “On the quality of service of failure detectors”, IEEE Transactions on
/// Computers 51 (2002), Theorem 5.
public struct ChenNFDS: Hashable, Sendable {
    /// E[T_MR] and E[T_M], in the unit of `interval`; nil if there are no mistakes, or no trust between them.
    public let mistakeRecurrence, mistakeDuration: Double?
    public let queryAccuracy: Double  // P_A, 0 ... 1

    /// - Parameters:
    ///   - interval: η, above 0. Its unit of time is also the unit of all other times here.
    ///   - shift: δ, at least 0.
    ///   - loss: Probability p_L that a heartbeat never arrives, 0 ... 1.
    ///   - delayCDF: Probability that the delay of a heartbeat that arrives is at most this long. The integral is
    ///     accurate to ten digits if the function is smooth except at delay = 0, and to three if it jumps elsewhere.
    public init(interval: Double, shift: Double, loss: Double, delayCDF: (Double) -> Double) {
        precondition(interval > 0 && interval.isFinite, "an interval lasts")
        precondition(shift >= 0 && shift.isFinite, "a freshness point does not come before its heartbeat")
        precondition((0...1).contains(loss), "a loss is a probability")
        // p_j(x): heartbeat i + j has not arrived by τ_i + x; u(x): no heartbeat that would count at τ_i + x has
        // arrived.
        let last = (shift / interval).rounded(.up)  // k
        func isMissing(_ j: Double, _ x: Double) -> Double {
            let age = shift + x - j * interval
            return age < 0 ? 1 : loss + (1 - loss) * (1 - delayCDF(age))
        }
        func isSuspected(_ x: Double) -> Double {
            stride(from: 0, through: last, by: 1).reduce(1) { $1 > 0 && $0 == 0 ? 0 : $0 * isMissing($1, x) }
        }
        // u has a kink where heartbeat i + k is sent; Simpson's rule needs smooth pieces.
        let bend = min(max(last * interval - shift, 0), interval)
        let suspected = integral(of: isSuspected, over: 0...bend) + integral(of: isSuspected, over: bend...interval)
        let wasTrusted = (1 - loss) * delayCDF(shift + interval)  // q_0
        let mistake = wasTrusted * isSuspected(0)  // p_s: a mistake begins at τ_i
        mistakeRecurrence = mistake > 0 ? interval / mistake : nil
        mistakeDuration = mistake > 0 ? suspected / mistake : nil
        queryAccuracy = min(max(1 - suspected / interval, 0), 1)
    }
}

/// Simpson's rule on 2,000 pieces.
private func integral(of function: (Double) -> Double, over range: ClosedRange<Double>) -> Double {
    let pieces = 2_000
    let width = (range.upperBound - range.lowerBound) / Double(pieces)
    guard width > 0 else { return 0 }
    var sum = function(range.lowerBound) + function(range.upperBound)
    for piece in 1..<pieces {
        sum += function(range.lowerBound + Double(piece) * width) * (piece.isMultiple(of: 2) ? 2 : 4)
    }
    return sum * width / 3
}
