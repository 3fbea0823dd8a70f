import Charts
import PhiAccrual

/// Gives each detector the style of its place in `DetectorRegistry`, in every chart.
enum DetectorStyles {
    static func pen(of detector: String) -> Pen {
        DetectorRegistry.entry(named: detector)?.place.map(Pen.other) ?? .accent
    }
}
