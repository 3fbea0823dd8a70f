import Foundation
import PhiAccrual
import TestSupport
import Testing

/// Compares with `tools/reference/baselines.py`, which keeps all arrivals and computes with 60 digits.
@Suite struct `Baselines and an independent program` {
    private struct Value {
        var node: String
        var detector: String
        var arrivals: Int
        var threshold: Double?
        var timeout: Int64?
        var silence: Int64
        var phi: Double?
    }
    private func rows(_ file: String) throws -> [[Substring]] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../References")
        return try String(contentsOf: folder.appending(path: file), encoding: .utf8).split(separator: "\n").dropFirst()
            .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    }
    private func nodes() throws -> [String: (announced: Int64, arrivals: [Arrival])] {
        var nodes: [String: (announced: Int64, arrivals: [Arrival])] = [:]
        for row in try rows("baseline_arrivals.csv") {
            let numbers = row.dropFirst().compactMap { Int64(String($0)) }
            try #require(numbers.count == 3)
            nodes[String(row[0]), default: (numbers[0], [])].arrivals.append(Arrival(gap: numbers[1], step: numbers[2]))
        }
        return nodes
    }
    private func values() throws -> [Value] {
        try rows("baseline_values.csv").map { row in
            try #require(row.count == 7)
            return Value(
                node: String(row[0]), detector: String(row[1]), arrivals: try #require(Int(String(row[2]))),
                threshold: Double(String(row[3])), timeout: Int64(String(row[4])),
                silence: try #require(Int64(String(row[5]))), phi: Double(String(row[6])))
        }
    }

    @Test func `have the same timeouts, to the nanosecond, and the same φ`() throws {
        let nodes = try nodes()
        let values = try values()
        #expect(values.count > 2000)
        var longest = 0
        for (_, asked) in Dictionary(grouping: values, by: { "\($0.node),\($0.detector)" }) {
            let (announced, arrivals) = try #require(nodes[asked[0].node])
            var baseline = try Baseline.begun(asked[0].detector, announcing: announced)
            var heard = 0
            for value in asked {
                for arrival in arrivals[heard..<value.arrivals] { baseline.observe(arrival) }
                heard = value.arrivals
                check(baseline, value)
            }
            longest = max(longest, heard)
        }
        #expect(longest == 399)
    }
    private func check(_ baseline: Baseline, _ value: Value) {
        let phi = baseline.phi(after: value.silence)
        #expect((phi == nil) == (value.phi == nil))
        if let phi, let expected = value.phi {
            #expect(abs(phi - expected) <= 1e-12 * max(1e-3, expected), "φ \(phi) of \(value)")
        }
        let timeout = baseline.timeout(phi: value.threshold ?? 8)
        #expect((timeout == nil) == (value.timeout == nil))
        if let timeout, let expected = value.timeout {
            // Doubles have 16 digits. The extra nanosecond is for reference values that end in an exact half.
            let tolerance = 1 + expected.magnitude / 100_000_000_000_000
            #expect((timeout - expected).magnitude <= tolerance, "wait \(timeout) of \(value)")
        }
    }
}

@Suite struct `The logistic tail` {
    /// Reference values with 25 digits, computed by `tools/reference/logistic_tail.py`.
    private func references() throws -> [(y: Double, phi: Double)] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../References/logistic_tail.csv")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
            let fields = line.split(separator: ",").compactMap { Double(String($0)) }
            try #require(fields.count == 2, "\(line)")
            return (fields[0], fields[1])
        }
    }
    @Test func `matches arbitrary precision from −20 to 10⁹ deviations`() throws {
        let references = try references()
        #expect(references.count > 700)
        #expect(references.last?.y == 1e9)
        for (y, phi) in references {
            let value = LogisticTail.phi(y)
            // The effect of a rounding error in the exponent u grows with u.
            #expect(
                abs(value - phi) <= 1e-13 * phi * max(1, abs(y * y * y)).squareRoot(), "at \(y): \(value), not \(phi)")
        }
    }
    @Test func `is inverted by its quantile to the last bits`() {
        for step in 0...1200 {
            let phi = exp((-6 + Double(step) / 100) * 2.302585092994046)
            let y = LogisticTail.quantile(phi: phi)
            #expect(LogisticTail.phi(y) >= phi)
            #expect(LogisticTail.phi(y - max(y.ulp, 0x1p-53)) < phi)
        }
    }
    @Test func `has quantiles that rise with φ`() {
        let quantiles = (0...1200).map { LogisticTail.quantile(phi: exp(-13.8 + Double($0) * 0.023)) }
        #expect(zip(quantiles, quantiles.dropFirst()).allSatisfy { $0 < $1 })
    }
    /// Source: akka/akka, `AccrualFailureDetectorSpec.scala`, “use good enough cumulative distribution function”.
    @Test(
        arguments: [
            (0, 0.5), (0.6, 0.7257), (1.5, 0.9332), (2, 0.97725), (2.5, 0.99379), (3.5, 0.99977), (4, 0.99997),
            (2.0 / 3, 0.7475),
        ] as [(Double, Double)])
    func `is close to the normal distribution where Akka checks it`(y: Double, cdf: Double) {
        #expect(abs(1 - exp(-LogisticTail.phi(y) * 2.302585092994046) - cdf) < 0.001)
    }
    /// Source: the same file, “return realistic phi values”: mean 1000, deviation 100.
    @Test(
        arguments: [
            (0, 0), (500, 0.1), (1000, 0.3), (1200, 1.6), (1400, 4.7), (1600, 10.8), (1700, 15.3),
        ] as [(Double, Double)])
    func `has the φ values that Akka publishes`(silence: Double, phi: Double) {
        #expect(abs(LogisticTail.phi((silence - 1000) / 100) - phi) <= 0.1)
    }
    /// Source: the same file, “handle outliers without losing precision or hitting exceptions”.
    @Test func `matches Akka's outliers`() {
        #expect(abs(LogisticTail.phi(10) - 38) <= 1)
        #expect(LogisticTail.phi(-25) == 0)
    }
    @Test func `stays finite where Akka's code becomes infinite`() {
        // exp(−746) is 0 in doubles.
        #expect(LogisticTail.phi(21.59) < 323.6)
        #expect(abs(LogisticTail.phi(22) - 341.587) < 0.001)
        #expect(abs(LogisticTail.phi(1e6) / 3.0646e16 - 1) < 1e-4)
    }
}
