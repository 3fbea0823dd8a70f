import HeartbeatProtocol

/// Number formats of the page.
enum NumberFormatting {
    /// Formats a share above 0 as `1 in 300`, and a share above one half as `0.7`.
    static func share(_ share: Double) -> String {
        let count = 1 / share
        guard share > 0, count > 0, count.isFinite else { return "none" }
        if share > 0.5 { return share.formattedToThreeDigits }
        guard count >= 99_999.5 else {
            return "1 in \(count < 9.95 ? count.formattedToThreeDigits : count.decimals(0))"
        }
        let power = Int(log10Floor(count * 1.000001))
        let factor = count / powerOfTen(power)
        return factor < 1.005
            ? "1 in 10\(superscript(power))" : "1 in \(factor.formattedToThreeDigits)·10\(superscript(power))"
    }

    /// Formats a rate of `ComparisonCell.rates`: `1 in 33` for 0.03.
    static func rate(_ rate: Double) -> String { rate > 0 ? "1 in \((1 / rate).decimals(0))" : "none" }

    /// Formats a round duration on an axis: `1 h` where `formattedDuration` gives `60 min`.
    static func tick(_ seconds: Double) -> String {
        let long: [(unit: Double, name: String)] = [(86_400, "d"), (3600, "h"), (60, "min")]
        // Values on linear axes are sums of steps, and may lie slightly below the round value.
        guard let (unit, name) = long.first(where: { abs(seconds) >= 0.9999 * $0.unit }) else {
            return seconds.formattedDuration
        }
        return "\((seconds / unit).formattedToThreeDigits) \(name)"
    }

    /// Formats `price=2811.7066259517455` as `price=2812`.
    static func parameter(_ text: String) -> String {
        let parts = text.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, let value = Double(parts[1]) else { return text }
        return "\(parts[0])=\(value.formattedToThreeDigits)"
    }

    private static func log10Floor(_ value: Double) -> Double {
        var (power, rest) = (0.0, value)
        while rest >= 10 { (power, rest) = (power + 1, rest / 10) }
        return power
    }
    private static func powerOfTen(_ power: Int) -> Double { (0..<power).reduce(1.0) { value, _ in value * 10 } }

    private static func superscript(_ number: Int) -> String {
        let digits: [Character] = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
        return String(String(number).compactMap { $0.wholeNumberValue.map { digits[$0] } })
    }
}
