import Evaluation
import PhiAccrual

/// The comparisons on several traces together.
public struct ComparisonResults: Sendable, Encodable {
    public struct Trace: Sendable, Encodable {
        public var name: String
        /// Number of judged heartbeats.
        public var samples: Int
        public var curves: [ParetoCurve]
        /// Calibration of the adaptive φ, where it is significant.
        public var calibration: [Calibration]

        private enum Keys: String, CodingKey { case name, samples, curves, calibration }
        public func encode(to encoder: any Encoder) throws {
            var object = encoder.container(keyedBy: Keys.self)
            try object.encode(name, forKey: .name)
            try object.encode(samples, forKey: .samples)
            try object.encode(curves, forKey: .curves)
            try object.encode(calibration.map(EncodedCalibration.init), forKey: .calibration)
        }
    }
    private struct EncodedCalibration: Encodable {
        let calibration: Calibration
        private enum Keys: String, CodingKey {
            case phi, expected
            case log10Error = "log10_error"
        }
        func encode(to encoder: any Encoder) throws {
            var object = encoder.container(keyedBy: Keys.self)
            try object.encode(calibration.phi, forKey: .phi)
            try object.encode(calibration.expected, forKey: .expected)
            try object.encodeIfPresent(calibration.log10Error, forKey: .log10Error)
        }
    }
    public private(set) var traces: [Trace] = []
    public private(set) var cells: [ComparisonCell] = []
    /// The same cells with parameters chosen on the first half of each trace and judged on the second.
    public private(set) var holdOut: [HoldOutCell] = []

    public static let baselineNames = DetectorRegistry.compared.map(\.name)

    public init() {}

    public mutating func add(_ comparison: DetectorComparison) {
        traces.append(
            Trace(
                name: comparison.name, samples: comparison.samples,
                curves: [comparison.adaptive] + comparison.baselines,
                calibration: comparison.calibration))
        cells += comparison.cells
        holdOut += comparison.holdOut
    }

    /// The cells of every other trace. Constants are chosen on one half of the traces and verified on the other half.
    public func half(_ remainder: Int) -> [ComparisonCell] {
        let names = Set(traces.enumerated().filter { $0.offset % 2 == remainder }.map(\.element.name))
        return cells.filter { names.contains($0.trace) }
    }

    private enum Keys: String, CodingKey {
        case traces, cells
        case holdOut = "hold_out"
        case geometricMean = "geometric_mean"
        case interval = "geometric_mean_interval"
        case worst
    }
    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Keys.self)
        try object.encode(traces, forKey: .traces)
        try object.encode(cells, forKey: .cells)
        try object.encode(holdOut, forKey: .holdOut)
        try object.encode(cells.geometricMean, forKey: .geometricMean)
        try object.encode(cells.resampledGeometricMean, forKey: .interval)
        try object.encode(cells.worst?.ratio, forKey: .worst)
    }
}
