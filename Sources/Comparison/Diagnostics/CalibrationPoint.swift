#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a φ promises, and what was seen.
public struct CalibrationPoint: Hashable, Sendable {
    public var phi: Double
    /// Arrivals with a greater φ, were φ true.
    public var expected: Double
    /// Share of arrivals with a greater φ, counted as `Calibration` counts.
    public var share: Double

    /// What φ promises.
    public var promised: Double { pow(10, -phi) }

    /// So many are expected where `Calibration` judges.
    public static let reliable = 30.0
    /// A share off by this factor either way, 0.3 decades, counts as true.
    public static let tolerance = pow(10, 0.3)
    private static let step = 0.25
    private static let minExpected = 3.0

    static func curve(ofReached phis: [Double]) -> [CalibrationPoint] {
        let sorted = phis.sorted()
        var points: [CalibrationPoint] = []
        for number in 1... {
            let phi = step * Double(number)
            let expected = Double(sorted.count) * pow(10, -phi)
            guard expected >= minExpected else { break }
            points.append(.init(phi: phi, expected: expected, share: sorted.countAbove(phi) / Double(sorted.count)))
        }
        return points
    }
}
