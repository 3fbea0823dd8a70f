/// How something is drawn. Colours are those of `ChartStyle`, which differ in the light and in the dark.
public enum Pen: Hashable, Sendable {
    /// What the chart is about.
    case accent
    /// One of several to compare with. Each has a colour and a dash of its own, so that colours need not be told apart.
    case other(Int)
    /// What was measured.
    case ink
    /// What helps to read the rest.
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
