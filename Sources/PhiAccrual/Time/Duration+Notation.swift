extension Duration {
    /// Reads a number with its unit: `250ms`, `1.5s`, `30m`, `24h`, `7d`; also `us`, `µs`, and `ns`.
    /// - Throws: For any other text, for negative numbers, and beyond 292 years.
    public init(parsing text: String) throws(InvalidDuration) {
        let unit = text.drop(while: { $0.isASCII && ($0.isNumber || $0 == ".") })
        guard let number = Double(text.dropLast(unit.count)), number.isFinite, number >= 0 else {
            throw InvalidDuration(text: text)
        }
        let units: [Substring: Double] = [
            "ns": 1, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9, "d": 86_400e9,
        ]
        guard let nanoseconds = units[unit].map({ number * $0 }), nanoseconds < 0x1p63 else {
            throw InvalidDuration(text: text)
        }
        self = .nanoseconds(Int64(saturating: nanoseconds))
    }
}

/// A text that is not a valid duration.
public struct InvalidDuration: Error, Hashable, Sendable, CustomStringConvertible {
    public let text: String
    public var description: String {
        "\"\(text.escapingControls)\" is not a duration: write a number with its unit, such as 250ms, 1s, 2m, 24h, or 7d"
    }
}

// Notation that `init(parsing:)` reads back.

extension Duration {
    /// The notation that `init(parsing:)` reads, in the largest unit that needs no fraction.
    public var notation: String { Self.notation(nanoseconds: Double(nanoseconds)) }

    static func notation(nanoseconds: Double) -> String {
        let units: [(String, Double)] = [
            ("d", 86_400e9), ("h", 3600e9), ("m", 60e9), ("s", 1e9), ("ms", 1e6), ("us", 1e3),
        ]
        if nanoseconds == 0 { return "0s" }
        for (unit, size) in units where (nanoseconds / size).rounded() == nanoseconds / size {
            return "\((nanoseconds / size).notation)\(unit)"
        }
        return "\(nanoseconds.notation)ns"
    }
}

extension Double {
    /// A whole number without a fraction: 8, not 8.0.
    var notation: String { self == rounded() && magnitude < 1e15 ? "\(Int64(saturating: self))" : "\(self)" }
}
