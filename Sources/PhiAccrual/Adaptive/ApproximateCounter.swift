/// A count from 0 to half a million in one byte, right to about three in a hundred.
///
/// Below 32 it is exact. Above, four bits tell its octave and four its place therein, and it goes up by a step of `2ᵏ`
/// once in `2ᵏ` times, so that on average it is right.
///
/// Source: Morris, “Counting large numbers of events in small registers”, Communications of the ACM 21, 1978.
struct ApproximateCounter: Hashable, Sendable {
    private var code: UInt8 = 0

    private static let exactBelow: UInt8 = 32

    init() {}
    /// The count that was stored in this byte; each of them is one.
    init(stored code: UInt8) { self.code = code }

    var value: Float {
        // From 16 on the code is the upper end of a float, but for its bias: four bits of exponent, four of mantissa.
        code < 16 ? Float(code) : Float(bitPattern: UInt32(code) << 19 + UInt32(130) << 23)
    }

    /// Counts one more.
    /// - Parameter random: Any bits that do not go by what is counted.
    mutating func increment(random: UInt32) {
        guard code >= Self.exactBelow else {
            code += 1
            return
        }
        let step: UInt32 = 1 << UInt32(code >> 4 - 1)
        if random & (step - 1) == 0, code < .max { code += 1 }
    }

    /// Takes one away again, of counts so few that each matters. Says whether it could.
    mutating func decrement() -> Bool {
        guard code > 0, code < Self.exactBelow else { return false }
        code -= 1
        return true
    }

    /// - Parameter roundsUp: Where the half of an odd count goes. It changes with each one that asks: rounding down alone
    ///   would erase the rarest counts.
    mutating func halve(roundsUp: inout Bool) {
        guard code < Self.exactBelow else {
            code -= 16
            return
        }
        let isOdd = code % 2 == 1
        code = code / 2 + (isOdd && roundsUp ? 1 : 0)
        if isOdd { roundsUp.toggle() }
    }
}
