import Charts
import Foundation
import PhiAccrual
import Testing

@Suite struct `An axis` {
    private static let odd: [Double] = [
        .nan, .infinity, -.infinity, 0, -1, 1, .leastNonzeroMagnitude, 1e308, -1e308, .greatestFiniteMagnitude,
    ]

    @Test(arguments: [Axis.Scale.linear, .logarithmic]) func `has a valid range for any input`(scale: Axis.Scale) {
        for lower in Self.odd {
            for upper in Self.odd {
                let axis = Axis(scale, from: lower, to: upper, label: "")
                #expect(axis.lower < axis.upper && (axis.upper - axis.lower).isFinite, "\(lower) to \(upper)")
                #expect(scale == .linear || axis.lower > 0, "\(lower) to \(upper)")
                for value in Self.odd {
                    guard let position = axis.position(value) else { continue }
                    #expect(position.isFinite && value.isFinite)
                }
            }
        }
    }

    @Test func `maps values to positions`() throws {
        let plain = Axis(.linear, from: -10, to: 30, label: "")
        #expect(plain.position(-10) == 0 && plain.position(0) == 0.25 && plain.position(30) == 1)
        let decades = Axis(.logarithmic, from: 0.01, to: 100, label: "")
        #expect(abs(try #require(decades.position(1)) - 0.5) < 1e-12)
        #expect(abs(try #require(decades.position(10)) - 0.75) < 1e-12)
        #expect(decades.position(0) == nil && decades.position(-1) == nil && decades.position(.nan) == nil)
    }

    @Test func `has no ticks outside its range`() {
        let axis = Axis(.linear, from: 0, to: 1, label: "", ticks: [-0.1, 0, 0.5, 1, 1.1, .nan].map { Tick($0, "") })
        #expect(axis.ticks.map(\.value) == [0, 0.5, 1])
    }
}

@Suite struct `Ticks` {
    @Test func `are round numbers`() {
        #expect(Tick.linear(from: 0, to: 10) { "\($0)" }.map(\.label) == ["0.0", "2.0", "4.0", "6.0", "8.0", "10.0"])
        #expect(Tick.linear(from: -230, to: 410) { "\(Int($0))" }.map(\.label) == ["-200", "0", "200", "400"])
        #expect(
            Tick.logarithmic(from: 0.001, to: 1) { "\(($0 * 1e6).rounded() / 1e6)" }.map(\.label)
                == ["0.001", "0.002", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1.0"])
        // Too many decades to label each.
        let sparse = Tick.logarithmic(from: 1e-12, to: 1) { "\($0)" }
        #expect(sparse.count == 13 && sparse.count { !$0.label.isEmpty } <= 7)
        #expect(
            Tick.durations(from: 20, to: 200_000) { "\(Int($0))" }.map(\.label) == [
                "60", "600", "3600", "36000", "86400",
            ])
        #expect(Tick.durations(from: 1000, to: 4000) { "\(Int($0))" }.allSatisfy { Int($0.value) % 60 == 0 })
    }

    @Test(arguments: 0..<200 as Range<UInt64>) func `are few, and ascend`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let lower = pow(10, Double.random(in: -9...6, using: &random))
        let upper = lower * pow(10, Double.random(in: 0.001...12, using: &random))
        let rows: [(Axis.Scale, [Tick])] = [
            (.linear, Tick.linear(from: lower, to: upper) { "\($0)" }),
            (.logarithmic, Tick.logarithmic(from: lower, to: upper) { "\($0)" }),
            (.logarithmic, Tick.durations(from: lower, to: upper) { "\($0)" }),
        ]
        for (scale, ticks) in rows {
            #expect(Axis(scale, from: lower, to: upper, label: "", ticks: ticks).ticks.count >= ticks.count - 2)
            let values = ticks.map(\.value)
            #expect(zip(values, values.dropFirst()).allSatisfy { $0 < $1 })
            let labels = ticks.count { !$0.label.isEmpty }
            #expect((1...13).contains(labels), "\(lower) to \(upper): \(ticks.map(\.label))")
        }
    }

    @Test func `stay limited in number`() {
        let numbers: [Double] = [.leastNonzeroMagnitude, 1e-300, 1, 1e17, 1e300, .greatestFiniteMagnitude]
        for (index, lower) in numbers.enumerated() {
            for upper in numbers.dropFirst(index + 1) + [lower.nextUp] {
                for ticks in [
                    Tick.linear(from: lower, to: upper) { "\($0)" },
                    Tick.logarithmic(from: lower, to: upper) { "\($0)" },
                    Tick.durations(from: lower, to: upper) { "\($0)" },
                ] {
                    #expect(ticks.count { !$0.label.isEmpty } <= 50 && ticks.count < 1000, "\(lower) to \(upper)")
                }
            }
        }
    }

    @Test func `are empty without a valid range`() {
        for (lower, upper) in [(1.0, 1.0), (2, 1), (.nan, 1), (1, .infinity), (-.infinity, .infinity)] {
            #expect(Tick.linear(from: lower, to: upper) { _ in "" } == [])
            #expect(Tick.logarithmic(from: lower, to: upper) { _ in "" } == [])
            #expect(Tick.durations(from: lower, to: upper) { _ in "" } == [])
        }
        #expect(Tick.logarithmic(from: 0, to: 1) { _ in "" } == [])
    }
}
