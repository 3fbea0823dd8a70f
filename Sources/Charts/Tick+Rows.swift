import CMath

// Round values over a range. All functions return an empty array for an invalid range.

extension Tick {
    private static let most = 100

    /// Steps of 1, 2 or 5 times a power of ten.
    public static func linear(
        from lower: Double, to upper: Double, about count: Int = 5, label: (Double) -> String
    ) -> [Tick] {
        guard lower < upper, (upper - lower).isFinite else { return [] }
        let raw = (upper - lower) / Double(max(1, count))
        let power = pow(10, log10(raw).rounded(.down))
        guard power > 0, power.isFinite else { return [] }
        let step = ([1, 2, 5].map { $0 * power }.first { $0 >= raw * 0.999 }) ?? 10 * power
        let first = (lower / step - 1e-9).rounded(.up)
        let last = (upper / step + 1e-9).rounded(.down)
        guard last - first < Double(most), abs(first) < 1e15, abs(last) < 1e15 else { return [] }
        // Adding 0 turns −0, which would be printed with its sign, into 0.
        return stride(from: first, through: last, by: 1).map { Tick($0 * step + 0, label($0 * step + 0)) }
    }

    /// Powers of ten. Short ranges also get 2 and 5 times each power; ranges up to 0.8 decades get linear steps.
    public static func logarithmic(
        from lower: Double, to upper: Double, about count: Int = 6, label: (Double) -> String
    ) -> [Tick] {
        guard lower > 0, lower < upper, upper.isFinite else { return [] }
        let (first, last) = (Int(log10(lower).rounded(.down)), Int(log10(upper).rounded(.up)))
        let decades = log10(upper) - log10(lower)
        guard decades > 0.8 else { return linear(from: lower, to: upper, about: count, label: label) }
        let factors: [Double] = decades > Double(count) * 0.5 ? [1] : [1, 2, 5]
        let every = max(1, Int((decades / Double(count)).rounded(.up)))
        return (first...last).flatMap { exponent in
            factors.map { factor in
                let value = factor * pow(10, Double(exponent))
                return Tick(value, exponent % every == 0 ? label(value) : "")
            }
        }.filter { (lower * 0.999999...upper * 1.000001).contains($0.value) }
    }

    /// For durations in seconds on a logarithmic axis: minutes, hours, and days above one minute.
    public static func durations(
        from lower: Double, to upper: Double, about count: Int = 6, label: (Double) -> String
    ) -> [Tick] {
        guard lower > 0, lower < upper, upper.isFinite else { return [] }
        guard upper > 60, upper / lower > 5 else {
            let unit: Double = lower < 60 ? 1 : lower < 3600 ? 60 : lower < 86_400 ? 3600 : 86_400
            return logarithmic(from: lower / unit, to: upper / unit, about: count) { label($0 * unit) }
                .map { Tick($0.value * unit, $0.label) }
        }
        func times(_ minutes: [Double], _ hours: [Double], _ factors: [Double]) -> [Double] {
            let seconds = (-9...1).flatMap { power in factors.map { $0 * pow(10, Double(power)) } }
            let days = (0...6).flatMap { power in factors.map { $0 * pow(10, Double(power)) } }
            let all = seconds + minutes.map { $0 * 60 } + hours.map { $0 * 3600 } + days.map { $0 * 86_400 }
            return all.filter { (lower...upper).contains($0) }
        }
        let fine = times([1, 2, 5, 10, 20], [1, 2, 5, 10], [1, 2, 5])
        let values = fine.count <= count + 2 ? fine : times([1, 10], [1, 10], [1])
        return values.map { Tick($0, label($0)) }
    }
}
