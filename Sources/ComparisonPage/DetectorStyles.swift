import Charts
import Comparison

/// One detector looks the same in every chart.
enum DetectorStyles {
    static func pen(of detector: String) -> Pen {
        guard let place = ComparisonReport.classicalNames.firstIndex(of: detector) else { return .accent }
        return .other(place)
    }
}
