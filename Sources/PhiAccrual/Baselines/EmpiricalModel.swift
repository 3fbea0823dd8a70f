#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The detector of Satzger et al.: no distribution is assumed, the remembered gaps themselves are asked.
///
/// The level of suspicion is the share of them that this silence, scaled down, has reached, and a node is suspected
/// when that share comes up to a threshold. No deadline can lie beyond the longest gap remembered divided by the factor.
///
/// Where we depart:
/// - φ is made of their share, `−log₁₀(1 − share)`, with one longer gap pretended: with n gaps it stops at log₁₀(n + 1),
///   where theirs says 1, certainty.
/// - Before the first gap the interval a sender announces stands for it.
///
/// Each heartbeat costs what `SortedGaps` does.
///
/// Source: Satzger, Pietzowski, Trumler and Ungerer, “A new adaptive accrual failure detector for dependable distributed
/// systems”, SAC 2007; the scaling factor as in aholstenson/adaptive-accrual-failure-detector (`src/index.ts`), which
/// follows that paper with 1,000 gaps and 0.9.
public struct EmpiricalModel: ClassicalModel {
    public struct Parameters: DetectorParameters {
        /// How many gaps are remembered.
        public var window = 1000
        /// Share of gaps reached at which a node is suspected. The authors leave it to the application.
        public var threshold = 0.99
        /// What a silence is multiplied by before it is compared: below 1 leaves a margin in proportion.
        public var scalingFactor = 0.9
        public init() {}

        public static let detectorName = "empirical"
        public static let named: [NamedParameter<Self>] = [
            .window("window", \.window, atLeast: 1),
            .number("threshold", \.threshold, in: 0...1),
            .number("scaling-factor", \.scalingFactor, in: 0.001...1000),
        ]
    }
    /// The share decides, whatever the policy.
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

    /// The share of gaps that a silence has reached changes where one of them, scaled up, ends.
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
