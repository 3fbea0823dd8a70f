import PhiAccrual

// Numbers for people: about three digits, no trailing zeros.

extension Int {
    /// The number as a word if it is at most twelve, as in running text.
    public var spelledOut: String {
        let words = [
            "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        ]
        return words.indices.contains(self) ? words[self] : "\(self)"
    }
}

extension Double {
    /// Formats seconds with a suitable unit: `1.56 s`, `250 ms`, `36 h`.
    public var formattedDuration: String {
        // The unit changes where rounding to three digits would reach the next unit.
        let (value, unit) =
            switch abs(self) {
            case ..<0.0009995: (self * 1e6, "µs")
            case ..<0.9995: (self * 1e3, "ms")
            case ..<599.5: (self, "s")
            case ..<35_970: (self / 60, "min")
            case ..<862_200: (self / 3600, "h")
            default: (self / 86_400, "days")
            }
        return "\(value.formattedToThreeDigits) \(unit)"
    }

    public var formattedToThreeDigits: String {
        guard isFinite, abs(self) < 1e15 else { return "\(self)" }
        let scale: Double = abs(self) < 9.995 ? 100 : abs(self) < 99.95 ? 10 : 1
        let rounded = (self * scale).rounded() / scale
        return rounded == rounded.rounded() ? "\(Int64(saturating: rounded))" : "\(rounded)"
    }

    /// Exactly `count` decimals, for tables.
    public func decimals(_ count: Int) -> String {
        let scale = (0..<count).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = (abs(self) * scale).rounded()
        guard scaled < 1e18 else { return "\(self)" }  // also for NaN
        let digits = String(Int64(scaled))
        let sign = self < 0 && scaled > 0 ? "-" : ""
        guard count > 0 else { return sign + digits }
        let padded = digits.count > count ? digits : String(repeating: "0", count: count + 1 - digits.count) + digits
        return "\(sign)\(padded.dropLast(count)).\(padded.suffix(count))"
    }
}
