/// The style of a mark or a label. Colours come from `ChartStyle` and differ between light and dark mode.
public enum Pen: Hashable, Sendable {
    /// The subject of the chart.
    case accent
    /// One of several objects of comparison. Each has its own colour and dash pattern, so colour is never the only cue.
    case other(Int)
    /// Measured data.
    case ink
    /// Reading aids.
    case faint

    public static let others = 8

    var cssClass: String {
        switch self {
        case .accent: "accent"
        case .other(let number): "other-\(number < 0 ? 0 : number % Self.others)"
        case .ink: "ink"
        case .faint: "faint"
        }
    }
}
