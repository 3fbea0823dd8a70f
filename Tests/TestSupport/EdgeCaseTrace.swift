import PhiAccrual

/// Edge-case traces: well-formed, but unlikely to be recorded on purpose.
public enum EdgeCaseTrace: CaseIterable, Sendable {
    case oneHeartbeat, oneInstant, regular, everyThreeDays, outagesOfDays, allOfTime, onlyTheEndsOfTime, manyNodes
    case everSlower, anything

    /// The contents of the trace file.
    public var text: String { (["node,seq,sent_ns,arrival_ns"] + rows).joined(separator: "\n") + "\n" }

    /// Enough heartbeats after the warm-up that a comparison does not evaluate.
    private static let count: Int64 = 420

    private var rows: [String] {
        var random = SplitMix64(seed: 5)
        let numbers = 0..<Self.count
        switch self {
        case .oneHeartbeat: return ["a,1,,5"]
        case .oneInstant: return numbers.map { "a,\($0),,7" }
        case .regular: return numbers.map { "a,\($0),,\($0 * 1_000_000_000)" }
        case .everyThreeDays: return numbers.map { "a,\($0),,\($0 * .days(3))" }
        case .outagesOfDays:
            return numbers.map { "a,\($0),,\($0 * 100_000_000 + $0 / 100 * .days(10) + $0 % 7 * 1_000_000)" }
        case .allOfTime:
            return numbers.map { number in
                let arrival = Int128(Int64.min) + Int128(number) * (1 << 64) / Int128(Self.count)
                return "a,\(.max - Self.count + number),,\(arrival)"
            }
        case .onlyTheEndsOfTime: return numbers.map { "a,\($0),,\($0 < 230 ? Int64.min : .max)" }
        case .manyNodes: return (0..<5000).map { "n\($0 % 2500),\($0),,\($0)" }
        case .everSlower:
            var now: Int64 = 0
            return numbers.map {
                now += now / 12 + 5
                return "a,\($0),,\(now)"
            }
        case .anything:
            var now: Int64 = 0
            return (0..<2000).map { number in
                now += [0, 1, 1000, 1_000_000, 1_000_000_000, .days(1)].randomElement(using: &random) ?? 0
                let sequence =
                    [number, number - 1, number + 5, number << 32, 0, .max].randomElement(using: &random) ?? 0
                return "n\(number % 2),\(sequence),,\(now)"
            }
        }
    }
}
