/// A comparison on recordings and, separately, on synthetic data.
public struct ComparisonOutcome: Sendable, Encodable {
    public struct Synthetic: Sendable, Encodable {
        public var seed: UInt64
        public var comparison: ComparisonResults
        public var referenceScenario: ReferenceScenario

        private enum CodingKeys: String, CodingKey {
            case seed, comparison
            case referenceScenario = "reference_scenario"
        }
        public init(seed: UInt64, comparison: ComparisonResults, referenceScenario: ReferenceScenario) {
            (self.seed, self.comparison, self.referenceScenario) = (seed, comparison, referenceScenario)
        }
    }
    public var recordings: ComparisonResults
    public var synthetic: Synthetic?

    public init(recordings: ComparisonResults) { self.recordings = recordings }

    private enum Keys: String, CodingKey { case synthetic }
    /// Encodes the keys of the recordings' report, and the key `synthetic` if present.
    public func encode(to encoder: any Encoder) throws {
        try recordings.encode(to: encoder)
        var object = encoder.container(keyedBy: Keys.self)
        try object.encodeIfPresent(synthetic, forKey: .synthetic)
    }
}
