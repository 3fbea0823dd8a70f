import Foundation
import Testing

@testable import Evaluation

@Suite struct `The calibration of φ` {
    /// φ of *n* arrivals that keep the promise exactly: a share of 10^−φ lies above each φ.
    private func calibrated(_ count: Int) -> [Double] {
        (0..<count).map { -log10((Double($0) + 0.5) / Double(count)) }
    }

    @Test func `is 0 decades where φ keeps its promise`() {
        let levels = Calibration.significant(calibrated(100_000))
        #expect(levels.map(\.phi) == [1, 2, 3])
        #expect(levels.map(\.expected) == [10_000, 1000, 100])
        for level in levels { #expect(abs(level.log10Error ?? 1) < 0.01) }
    }
    @Test func `is above 0 where φ promises too much`() throws {
        let doubled = Calibration.significant(calibrated(10_000).map { 2 * $0 })
        #expect(abs(try #require(doubled.first?.log10Error) - 0.5) < 0.01)
    }
    @Test func `is unknown where fewer than 30 arrivals are expected`() {
        #expect(Calibration.significant(calibrated(299)).isEmpty)
        #expect(Calibration.significant(calibrated(300)).count == 1)
        #expect(Calibration(phi: 1, samples: 299, exceedances: 29).log10Error == nil)
        #expect(Calibration(phi: 1, samples: 300, exceedances: 0).log10Error == nil)
        #expect(Calibration(phi: 1, samples: 300, exceedances: 30).log10Error == 0)
    }
    @Test func `counts ties by their mid-rank`() {
        let tied = [Double](repeating: 0.5, count: 900) + [Double](repeating: 1, count: 100)
        #expect(Calibration(phi: 1, samples: 1000, exceedances: 0).log10Error == nil)
        // All hundred ties are the largest values. Each has a mid-rank of 50.
        #expect(abs(Calibration(phi: 1, sortedPhis: tied).observed - 50) < 1e-9)
    }
    @Test func `has a curve down to three expected arrivals`() {
        let curve = Calibration.curve(calibrated(3000))
        #expect(curve.map(\.phi) == (1...12).map { 0.25 * Double($0) })
        for point in curve where point.isSignificant {
            #expect(abs(point.observedShare / point.promisedShare - 1) < 0.05)
        }
    }
}
