#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One direction of a chart: which values it shows, and where.
public struct Axis: Hashable, Sendable {
    public enum Scale: Hashable, Sendable { case linear, logarithmic }

    public let scale: Scale
    public let lower: Double
    public let upper: Double
    /// What it counts, with its unit.
    public var label: String
    public var ticks: [Tick]

    /// - Parameters:
    ///   - lower: The least value shown, below `upper`; on a logarithmic axis above 0. Where there is no such range,
    ///     because nothing or only one value is to be shown, one around it is taken.
    ///   - ticks: Those outside the range are left out.
    public init(_ scale: Scale, from lower: Double, to upper: Double, label: String, ticks: [Tick] = []) {
        self.scale = scale
        self.label = label
        switch scale {
        case .linear:
            let isRange = lower < upper && (upper - lower).isFinite
            let middle = lower.isFinite && abs(lower) < 1e300 ? lower : 0
            let half = max(0.5, abs(middle) / 2)
            (self.lower, self.upper) = isRange ? (lower, upper) : (middle - half, middle + half)
        case .logarithmic:
            let isRange = lower > 0 && lower < upper && upper.isFinite
            let middle = lower > 1e-300 && lower < 1e300 ? lower : 1
            (self.lower, self.upper) = isRange ? (lower, upper) : (middle / 2, middle * 2)
        }
        let slack = 1e-9
        self.ticks = []
        self.ticks = ticks.filter { tick in position(tick.value).map { (-slack...1 + slack).contains($0) } ?? false }
    }

    /// Where a value lies: 0 at the lower end, 1 at the upper, and beyond for values that are not shown. Nil where there
    /// is no such place: for what is not finite, and on a logarithmic axis for 0 and below.
    public func position(_ value: Double) -> Double? {
        guard value.isFinite else { return nil }
        let position: Double
        switch scale {
        case .linear: position = (value - lower) / (upper - lower)
        case .logarithmic:
            guard value > 0 else { return nil }
            position = (log(value) - log(lower)) / (log(upper) - log(lower))
        }
        // Far out is far out: so nothing overflows that is worked out with it.
        return position.isNaN ? nil : min(max(position, -1e3), 1e3)
    }
}

/// A marked value of an axis.
public struct Tick: Hashable, Sendable {
    public var value: Double
    /// Empty for a line alone.
    public var label: String
    /// How the label is drawn; nil as plain text.
    public var pen: Pen?
    public var hasLine: Bool

    public init(_ value: Double, _ label: String, pen: Pen? = nil, hasLine: Bool = true) {
        (self.value, self.label, self.pen, self.hasLine) = (value, label, pen, hasLine)
    }
}
