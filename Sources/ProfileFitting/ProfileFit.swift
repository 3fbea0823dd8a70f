import CMath
import NetworkProfiles
import PhiAccrual

/// A profile fitted to several recordings of one kind of network, and its effect on new nodes.
public struct ProfileFit: Sendable {
    /// Results for new nodes of one recording under one policy: without a profile, and with a profile fitted to the
    /// *other* recordings. No profile is evaluated on the data that it was fitted to.
    public struct Row: Hashable, Sendable {
        public var trace: String
        /// Number of heartbeats per start.
        public var horizon: Int
        public var policy: Policy
        public var alone: ColdStartTrial
        public var profiled: ColdStartTrial
    }

    public let lateness: LatenessProfile
    public let sources: [NetworkProfile.Source]
    /// Empty if there is only one recording. A recording whose nodes are all too short for a horizon has no rows for
    /// it.
    public let rows: [Row]

    public static let estimator =
        "shares of heartbeats by family, state and lateness of the adaptive detector; nodes weigh by their heartbeats, traces alike"
    public static let horizons = [10, 100]
    /// One price and three budgets: one that can be verified within the first heartbeats, a usual one, and one that is
    /// typical of services.
    public static let policies: [Policy] =
        [.price(100)] + [0.01, 0.001, 0.00001].map { .mistakes(MistakeBudget(.perHeartbeat($0))) }
    private static let calibrated = (horizon: 100, rate: 1e-2)

    /// - Parameters:
    ///   - traces: At least one.
    ///   - onProgress: Called before each recording is evaluated, with its index.
    public init(_ traces: [FittedTrace], onProgress: (Int) -> Void = { _ in }) {
        guard let lateness = Self.mixed(traces) else { preconditionFailure("a profile needs a recording") }
        self.lateness = lateness
        sources = traces.map(\.source)
        var rows: [Row] = []
        for (number, trace) in traces.enumerated() {
            let others = traces.enumerated().filter { $0.offset != number }.map(\.element)
            guard let profile = Self.mixed(others) else { break }
            onProgress(number)
            for horizon in Self.horizons {
                let (alone, profiled) = (
                    ColdStartTrial.run(trace.arrivals, under: Self.policies, profile: nil, horizon: horizon),
                    ColdStartTrial.run(trace.arrivals, under: Self.policies, profile: profile, horizon: horizon)
                )
                for (policy, pair) in zip(Self.policies, zip(alone, profiled)) where pair.0.heartbeats > 0 {
                    rows.append(
                        Row(
                            trace: trace.source.trace, horizon: horizon, policy: policy, alone: pair.0,
                            profiled: pair.1))
                }
            }
        }
        self.rows = rows
    }

    /// All recordings have equal weight, whatever their length.
    static func mixed(_ traces: [FittedTrace]) -> LatenessProfile? {
        LatenessProfile(mixing: traces.map { ($0.lateness, 1) })
    }

    /// Nil if there is only one recording.
    public var calibration: NetworkProfile.Calibration? {
        let policy = Policy.mistakes(MistakeBudget(.perHeartbeat(Self.calibrated.rate)))
        let judged = rows.filter { $0.policy == policy && $0.horizon == Self.calibrated.horizon }
        let log10Errors = judged.map { row in
            // Zero mistakes count as half of one.
            let rate = max(0.5, Double(row.profiled.mistakes)) / Double(max(1, row.profiled.heartbeats))
            return (row.trace, (log10(rate / Self.calibrated.rate) * 100).rounded() / 100)
        }
        guard !log10Errors.isEmpty else { return nil }
        return .init(
            heartbeats: Self.calibrated.horizon, policy: policy.description,
            log10Errors: Dictionary(log10Errors) { first, _ in first })
    }
}
