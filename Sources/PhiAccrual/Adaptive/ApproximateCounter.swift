/// A counter from 0 to about half a million in one byte, accurate to about 3 %.
///
/// It is exact below 32. Above, four bits hold the octave and four bits the position in the octave. One increment in
/// `2ᵏ` raises the count by `2ᵏ`, so the count is right on average.
///
/// Source: Morris, “Counting large numbers of events in small registers”, Communications of the ACM 21, 1978.
struct ApproximateCounter: Hashable, Sendable {
    private var code: UInt8 = 0

    private static let exactBelow: UInt8 = 32

    init() {}
    /// Restores a counter from its stored byte. Every byte is valid.
    init(stored code: UInt8) { self.code = code }

    var value: Float {
        // From 16 on, the code is the top bits of a float except for the bias: four bits of exponent, four of mantissa.
        code < 16 ? Float(code) : Float(bitPattern: UInt32(code) << 19 + UInt32(130) << 23)
    }

    /// - Parameter random: Bits that do not depend on what is counted.
    mutating func increment(random: UInt32) {
        guard code >= Self.exactBelow else {
            code += 1
            return
        }
        let step: UInt32 = 1 << UInt32(code >> 4 - 1)
        if random & (step - 1) == 0, code < .max { code += 1 }
    }

    /// Subtracts one from a count that is small enough to be exact. Returns whether it did.
    mutating func decrement() -> Bool {
        guard code > 0, code < Self.exactBelow else { return false }
        code -= 1
        return true
    }

    /// - Parameter roundsUp: Whether an odd count is rounded up. It toggles at each odd count: always rounding down
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
