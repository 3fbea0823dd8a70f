import Foundation
import PhiAccrual
import TestSupport
import Testing

@testable import Comparison

@Suite struct `A ratio over clusters` {
    @Test func `is the ratio of sums, with an interval from the residuals of clusters`() {
        let clusters = [(2.0, 1.0), (0, 1), (4, 1), (2, 1), (3, 2), (5, 2), (2, 0.5), (0, 0.5), (2, 1)]
        let ratio = ClusterRatio(clusters.map { (observed: $0.0, expected: $0.1) })
        // By hand: the sums are 20 and 10; the residuals are 0, −2, 2, 0, −1, 1, 1, −1, 0, and their squares sum to 12.
        let reach = 2.306 * (9.0 / 8 * 12).squareRoot() / 10
        #expect(ratio.value == 2 && ratio.clusters == 9)
        #expect(abs(ratio.low - (2 - reach)) < 1e-3 && abs(ratio.high - (2 + reach)) < 1e-3)
    }

    @Test(arguments: [(4.0, 2.7764), (9, 2.2622), (23, 2.0687), (100, 1.9840), (1e6, 1.9600)])
    func
        `uses the tabulated quantiles of Student's t`(degrees: Double, quantile: Double)
    {
        #expect(abs(ClusterRatio.studentT(degreesOfFreedom: degrees) - quantile) < 0.003)
    }

    @Test func `has no interval from one cluster, and never goes below 0`() {
        let one = ClusterRatio([(3, 2), (0, 0)])
        #expect(one.value == 1.5 && one.low == 1.5 && one.high == 1.5 && one.clusters == 1)
        let rare = ClusterRatio([(9, 1), (0, 1), (0, 1)])
        #expect(rare.low == 0 && rare.high > 3)
        #expect(ClusterRatio([]).value == 0)
    }

    @Test func `has an interval with the true value in about 95 of 100 cases, despite storms`() {
        var random = SplitMix64(seed: 11)
        var held = 0
        let cases = 1000
        for _ in 0..<cases {
            // A tenth of the clusters has a storm of ten mistakes at once; one mistake is expected in each cluster.
            let clusters = (0..<150).map { _ in (observed: random.chance(0.1) ? 10.0 : 0, expected: 1.0) }
            let ratio = ClusterRatio(clusters)
            if ratio.low <= 1, ratio.high >= 1 { held += 1 }
        }
        #expect(held > 910 && held < 980, "\(held)")
    }
}
