#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The share of arrivals above one φ: promised and observed.
public struct CalibrationPoint: Hashable, Sendable {
    public var phi: Double
    /// Number of arrivals expected above this φ if φ is calibrated.
    public var expected: Double
    /// Observed share of arrivals above this φ, counted in the same way as in `Calibration`.
    public var share: Double

    /// Promised share of arrivals above this φ.
    public var promised: Double { pow(10, -phi) }

    /// Expected number of arrivals from which on `Calibration` judges a φ.
    public static let reliable = 30.0
    /// A share within this factor of the promised one, 0.3 decades either way, counts as calibrated.
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
