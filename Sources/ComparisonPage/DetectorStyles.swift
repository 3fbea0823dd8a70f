import Charts
import Comparison

/// Gives each detector the same style in every chart.
enum DetectorStyles {
    static func pen(of detector: String) -> Pen {
        guard let place = ComparisonReport.baselineNames.firstIndex(of: detector) else { return .accent }
        return .other(place)
    }
}
