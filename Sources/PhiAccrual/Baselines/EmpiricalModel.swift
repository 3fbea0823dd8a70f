import BinaryCoding
import CMath

/// The detector of Satzger et al.: it assumes no distribution and uses the gaps in its window directly.
///
/// The suspicion level is the share of these gaps that the silence, times a scaling factor, has reached. A node is
/// suspected when that share reaches a threshold. No deadline can lie beyond the longest gap in the window divided by
/// the factor.
///
/// Differences from the paper:
/// - φ is computed from their share, `−log₁₀(1 − share)`, with one longer pseudo-gap added. With n gaps it stops at
///   log₁₀(n + 1), where their level is 1, certainty.
/// - Before the first gap, the interval that a sender announces takes its place.
///
/// Each heartbeat costs one insertion into `SortedGaps`.
///
/// Source: Satzger, Pietzowski, Trumler and Ungerer, “A new adaptive accrual failure detector for dependable
/// distributed systems”, SAC 2007; the scaling factor as in aholstenson/adaptive-accrual-failure-detector
/// (`src/index.ts`), which follows that paper with 1,000 gaps and 0.9.
public struct EmpiricalModel: BaselineModel {
    public struct Parameters: DetectorParameters {
        /// Number of gaps in the window.
        public var window = 1000
        /// Share of gaps at which a node is suspected. The authors leave it to the application.
        public var threshold = 0.99
        /// Factor of a silence before the comparison: below 1 it leaves a proportional margin.
        public var scalingFactor = 0.9
        public init() {}

        public typealias Model = EmpiricalModel
        public static let detectorName = "empirical"
        public static let named: [NamedParameter<Self>] = [
            .window("window", \.window, atLeast: 1),
            .number("threshold", \.threshold, in: 0...1),
            .number("scaling-factor", \.scalingFactor, in: 0.001...1000),
        ]
    }
    /// The share decides when to suspect, not the policy.
    public static let usesPolicy = false

    private var gaps: SortedGaps
    private let threshold: Double
    private let factor: Double
    private var observed = 0

    public init(_ parameters: Parameters) {
        precondition(parameters.areAllowed, "\(parameters)")
        gaps = SortedGaps(capacity: parameters.window)
        threshold = parameters.threshold
        factor = parameters.scalingFactor
    }
    public static func threshold(for policy: Policy) {}

    public mutating func begin(announcedInterval: Int64) {
        if announcedInterval > 0, gaps.count == 0 { gaps.insert(announcedInterval) }
    }
    public mutating func observe(_ arrival: Arrival) {
        gaps.insert(arrival.gap)
        observed += 1
    }

    /// The share of gaps that a silence has reached changes only at the end of a gap divided by the factor.
    public func timeout(until threshold: Void) -> Int64? {
        guard gaps.count > 0 else { return nil }
        let count = Double(gaps.count)
        let rank = Int64.first(near: self.threshold * count) { Double($0) / count >= self.threshold }
        guard rank > 0 else { return 0 }
        let gap = gaps.gap(rank: min(Int(rank), gaps.count))
        return .first(near: Double(gap) / factor) { scaled($0) >= gap }
    }
    public func phi(after silence: Int64) -> Double? {
        guard gaps.count > 0 else { return nil }
        let longer = gaps.count - gaps.countAtMost(scaled(max(0, silence)))
        return max(0, log10(Double(gaps.count + 1) / Double(longer + 1)))
    }
    private func scaled(_ silence: Int64) -> Int64 { Int64(saturating: (Double(silence) * factor).rounded(.down)) }

    /// The median gap.
    public var expectedGap: Int64? { gaps.count > 0 ? gaps.gap(rank: (gaps.count + 1) / 2) : nil }
    public var samples: Int { min(observed, gaps.count) }
}

extension EmpiricalModel {
    public static let stateVersion = "empirical/1"

    public func write(to writer: inout BinaryWriter) {
        gaps.write(to: &writer)
        writer.write(observed)
    }
    public init(_ parameters: Parameters, from reader: inout BinaryReader) throws(CorruptData) {
        self.init(parameters)
        gaps = try SortedGaps(capacity: parameters.window, from: &reader)
        observed = try reader.tally()
    }
}
