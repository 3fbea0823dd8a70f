/// A comparison on recordings and, apart from it, on what was made of known processes.
public struct ComparisonOutcome: Sendable, Encodable {
    public struct Synthetic: Sendable, Encodable {
        public var seed: UInt64
        public var comparison: ComparisonReport
        public var plainCase: ReferenceScenario

        private enum CodingKeys: String, CodingKey {
            case seed, comparison
            case plainCase = "plain_case"
        }
        public init(seed: UInt64, comparison: ComparisonReport, plainCase: ReferenceScenario) {
            (self.seed, self.comparison, self.plainCase) = (seed, comparison, plainCase)
        }
    }
    public var recordings: ComparisonReport
    public var synthetic: Synthetic?

    public init(recordings: ComparisonReport) { self.recordings = recordings }

    private enum Keys: String, CodingKey { case synthetic }
    /// The keys of the recordings' report, and one more where there is more.
    public func encode(to encoder: any Encoder) throws {
        try recordings.encode(to: encoder)
        var object = encoder.container(keyedBy: Keys.self)
        try object.encodeIfPresent(synthetic, forKey: .synthetic)
    }
}
