import Foundation
import PhiAccrual

extension SplitMix64 {
    /// True with probability `share`.
    public mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &self) < share }

    /// A number from 1 to `Int64.max`, with small and large magnitudes about equally likely.
    public mutating func anyMagnitude() -> Int64 { max(1, Int64(truncatingIfNeeded: next() >> (next() % 63 + 1))) }

    /// Exponentially distributed, with mean 1.
    public mutating func exponential() -> Double { -log1p(-Double.random(in: 0..<1, using: &self)) }
}
