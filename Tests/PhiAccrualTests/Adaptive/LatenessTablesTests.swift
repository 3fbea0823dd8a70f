import TestSupport
import Testing

@testable import PhiAccrual

@Suite struct `Lateness histograms` {
    @Test func `stay accurate over ten million heartbeats`() throws {
        var tables = LatenessHistograms()
        var random = SplitMix64(seed: 1)
        // All three families get the same lateness: a share of 2⁻ʲ exceeds 2ʲ⁻⁴ scales.
        let buckets = (0..<10).map { octave in
            let lateness = Float(sign: .plus, exponent: octave - 4, significand: 1.1)
            return InlineArray<3, Int> { family in
                let family = Family.allCases[family]
                return family.firstBucket(ofState: family.states.lowerBound)
                    + LatenessBuckets.bucket(of: lateness, early: family.early)
            }
        }
        for _ in 0..<10_000_000 {
            let octave = min(9, random.next().trailingZeroBitCount)
            tables.tally(buckets[octave], centre: 1.001, scale: 0.0123)
        }
        #expect((32_768..<65_536).contains(tables.total))
        let (intercept, slope) = tables.meanTimeout(.schedule, nextCentre: 1.001, scale: 0.0123)
        #expect(abs(intercept - 1.001) < 1e-6)
        #expect(abs(slope - 0.0123) < 1e-7)
        for family in Family.allCases {
            let survival = LatenessSurvival(tables.pooled(family).span, of: family)
            #expect(abs(survival.total / Float(tables.total) - 1) < 0.04)
            for octave in 1..<9 {
                let edge =
                    LatenessBuckets.bucket(
                        of: Float(sign: .plus, exponent: octave - 4, significand: 1), early: family.early) - 1
                let share = survival.above[edge] * Float(sign: .plus, exponent: octave, significand: 1) / survival.total
                #expect(abs(share - 1) < 0.15, "\(family), one in \(1 << octave): ×\(share)")
            }
        }
    }
}
