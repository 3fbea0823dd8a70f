import CMath

/// One direction of a chart: its range of values and their positions.
public struct Axis: Hashable, Sendable {
    public enum Scale: Hashable, Sendable { case linear, logarithmic }

    public let scale: Scale
    public let lower: Double
    public let upper: Double
    /// The quantity and its unit.
    public var label: String
    public var ticks: [Tick]

    /// - Parameters:
    ///   - lower: The minimum value displayed, below `upper`; above 0 on a logarithmic axis. If the range is invalid
    ///     because there are no values or only one, a range around the value replaces it.
    ///   - ticks: Ticks outside the range are left out.
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

    /// Position of a value: 0 at the lower end, 1 at the upper end, below 0 or above 1 for values outside the range.
    /// Nil for non-finite values and, on a logarithmic axis, for values of 0 and below.
    public func position(_ value: Double) -> Double? {
        guard value.isFinite else { return nil }
        let position: Double
        switch scale {
        case .linear: position = (value - lower) / (upper - lower)
        case .logarithmic:
            guard value > 0 else { return nil }
            position = (log(value) - log(lower)) / (log(upper) - log(lower))
        }
        // Distant positions are clamped, so that later arithmetic does not overflow.
        return position.isNaN ? nil : min(max(position, -1e3), 1e3)
    }
}

/// A marked value of an axis.
public struct Tick: Hashable, Sendable {
    public var value: Double
    /// Empty for a line without a label.
    public var label: String
    /// Style of the label; nil for plain text.
    public var pen: Pen?
    public var hasLine: Bool

    public init(_ value: Double, _ label: String, pen: Pen? = nil, hasLine: Bool = true) {
        (self.value, self.label, self.pen, self.hasLine) = (value, label, pen, hasLine)
    }
}
