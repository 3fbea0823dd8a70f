import Foundation
import PhiAccrual
import TestSupport
import Testing

@Suite struct `The tail of the normal distribution` {
    private struct Reference {
        var z: Double
        var logTail: Double
    }
    /// Reference values with 25 digits, computed by `tools/reference/normal_tail.py`.
    private func references() throws -> [Reference] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../References/normal_tail.csv")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
            let fields = line.split(separator: ",").compactMap { Double(String($0)) }
            try #require(fields.count == 2, "\(line)")
            return Reference(z: fields[0], logTail: fields[1])
        }
    }

    @Test func `matches arbitrary precision from −40 to a million deviations`() throws {
        let references = try references()
        #expect(references.count > 1000)
        #expect(references.first?.z == -40)
        #expect(references.last?.z == 1e6)
        for reference in references {
            let value = NormalTail.logSurvival(reference.z)
            // Below −37 the tail differs from 1 by less than the smallest normal double.
            let tolerance = abs(reference.logTail) * 1e-12 + Double.leastNormalMagnitude
            #expect(
                abs(value - reference.logTail) <= tolerance, "at \(reference.z): \(value), not \(reference.logTail)")
        }
    }
    @Test func `falls strictly, also where the formula changes`() {
        for switching in [-1.0, 30.0] {
            let points = (-2000...2000).map { switching + Double($0) * 1e-9 }
            #expect(
                zip(points, points.dropFirst()).allSatisfy { NormalTail.logSurvival($0) > NormalTail.logSurvival($1) })
        }
        let points = (-300...4000).map { Double($0) / 8 }
        #expect(zip(points, points.dropFirst()).allSatisfy { NormalTail.logSurvival($0) > NormalTail.logSurvival($1) })
    }
    @Test func `stays finite where probabilities underflow to 0`() {
        #expect(NormalTail.logSurvival(1e9) == -0.5e18)
        #expect(NormalTail.logSurvival(1e150).isFinite)
        #expect(abs(NormalTail.logSurvival(1e150) / -5e299 - 1) < 1e-12)
        #expect(NormalTail.logSurvival(-1e150) == 0)
    }
    @Test func `is inverted by its quantile, from φ of a millionth to a million`() {
        for step in 0...1200 {
            let phi = pow(10, -6 + Double(step) / 100)
            let z = NormalTail.quantile(phi: phi)
            let back = -NormalTail.logSurvival(z) / 2.302585092994045684
            #expect(abs(back - phi) <= 1e-12 * phi, "φ \(phi) is reached at \(z), and \(back) is found there")
        }
    }
    @Test(arguments: [
        (0.30102999566398120, 0.0), (1, 1.2815515655446004), (3, 3.0902323061678132), (8, 5.6120012441747887),
        (16, 8.222082216130436),
    ])
    func `has the published quantiles`(phi: Double, z: Double) {
        #expect(abs(NormalTail.quantile(phi: phi) - z) < 1e-12)
    }
    @Test func `has quantiles that rise with φ`() {
        let quantiles = (0...1200).map { NormalTail.quantile(phi: pow(10, -6 + Double($0) / 100)) }
        #expect(zip(quantiles, quantiles.dropFirst()).allSatisfy { $0 < $1 })
    }
}
