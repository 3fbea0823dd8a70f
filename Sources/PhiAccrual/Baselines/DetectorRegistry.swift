import CMath

/// The one list of all detectors. Parsing, help, comparison, charts, benchmarks, and tests derive from it.
///
/// A new baseline needs its model in a file of its own, an entry here, and its name in the `@specialized` lists: of
/// `ThresholdSweep` at the end of this file, and of `Detector`.
public enum DetectorRegistry {
    /// One model with its names and its place in comparisons.
    public struct Entry: Sendable {
        /// The name of the model, which stands for its first preset.
        public let name: String
        /// The authors' settings. The first one is the default.
        public let presets: [Preset]
        /// Place among the compared baselines: its order in tables, its colour and dash pattern in charts. Nil if it is
        /// not one of them.
        public let place: Int?
        private let sweep: (@Sendable (_ interval: Double) -> ParameterSweep)?

        /// - Parameter sweep: The values to compare on a trace whose nodes have this interval, in nanoseconds; nil: the
        ///   detector has no parameter to compare by.
        fileprivate init<Parameters: DetectorParameters>(
            _ parameters: Parameters, presets: [Preset] = [], place: Int? = nil,
            sweep: (@Sendable (_ interval: Double) -> ParameterSweep)? = nil
        ) {
            name = Parameters.detectorName
            self.presets = presets.isEmpty ? [Preset([name], parameters)] : presets
            (self.place, self.sweep) = (place, sweep)
        }

        public var spec: DetectorSpec { presets[0].spec }
        public var names: [String] { [name] + presets.flatMap(\.names).filter { $0 != name } }
        public func sweep(interval: Double) -> ParameterSweep? { sweep?(interval) }
    }

    /// Parameters under one or more names: those of the systems that use them.
    public struct Preset: Sendable {
        public let names: [String]
        public let spec: DetectorSpec

        fileprivate init<Parameters: DetectorParameters>(_ names: [String], _ parameters: Parameters) {
            (self.names, spec) = (names, DetectorSpec(parameters))
        }
    }

    public static let adaptive = Entry(AdaptiveModel.Parameters()) { _ in .policies(.adaptive(), .price, prices) }

    /// In sweeps, the baselines have the settings that their authors recommend. Exceptions are floors and pauses that
    /// are absolute times unrelated to the interval of the trace; these are turned off.
    public static let all: [Entry] = [
        adaptive,
        Entry(NormalModel.Parameters(), place: 1) { _ in
            .policies(DetectorSpec(NormalModel.Parameters(floor: 0)), .phi, phis)
        },
        Entry(FixedModel.Parameters(), place: 0) { interval in
            .varying(geometric(0.9, 500, 60)) { (parameters: inout FixedModel.Parameters, multiple) in
                parameters.timeout = .parameter(multiple * interval)
            }
        },
        Entry(
            LogisticModel.Parameters(),
            presets: [
                Preset(["akka", "pekko"], LogisticModel.Parameters.akka),
                Preset(["hazelcast"], LogisticModel.Parameters.hazelcast),
            ], place: 2
        ) { interval in
            var parameters = LogisticModel.Parameters()
            (parameters.minStdDeviation, parameters.acceptableHeartbeatPause) = (.nanoseconds(1), .zero)
            parameters.resolution = .parameter((interval / 1e4).rounded(.down))
            parameters.firstHeartbeatEstimate = .parameter(interval)
            parameters.learnsEveryGap = true
            return .policies(DetectorSpec(parameters), .phi, phis)
        },
        Entry(
            ExponentialModel.Parameters(),
            presets: [
                Preset(["cassandra"], ExponentialModel.Parameters.cassandra),
                Preset(["chitchat"], ExponentialModel.Parameters.chitchat),
            ], place: 3
        ) { interval in
            var parameters = ExponentialModel.Parameters()
            parameters.initialInterval = .parameter(interval)
            parameters.maxInterval = .parameter(1000 * interval)
            return .policies(DetectorSpec(parameters), .phi, geometric(0.3, 200, 60))
        },
        Entry(ChenModel.Parameters(), place: 4) { interval in
            .varying(multiples) { (parameters: inout ChenModel.Parameters, multiple) in
                parameters.window = 1000
                parameters.alpha = .parameter(multiple * interval)
            }
        },
        Entry(BertierModel.Parameters(), place: 5) { _ in
            .varying(geometric(0.1, 300, 60)) { (parameters: inout BertierModel.Parameters, factor) in
                parameters.phi = factor
            }
        },
        Entry(TwoWindowModel.Parameters(), place: 6) { interval in
            .varying(multiples) { (parameters: inout TwoWindowModel.Parameters, multiple) in
                parameters.margin = .parameter(multiple * interval)
            }
        },
        Entry(EmpiricalModel.Parameters(), place: 7) { _ in
            .varying(shares) { (parameters: inout EmpiricalModel.Parameters, share) in
                (parameters.threshold, parameters.scalingFactor) = share
            }
        },
        Entry(SelfTuningModel.Parameters()),
    ]

    public static let baselines = all.filter { !$0.spec.isAdaptive }
    /// The baselines of a comparison, in the order of their places.
    public static let compared = baselines.filter { $0.place != nil }.sorted { ($0.place ?? 0) < ($1.place ?? 0) }

    /// - Parameter name: The name of a model, or another name of one of its presets.
    public static func entry(named name: String) -> Entry? { all.first { $0.names.contains(name) } }
    static func spec(named name: String) -> DetectorSpec? {
        guard let entry = entry(named: name) else { return nil }
        return entry.presets.first { $0.names.contains(name) }?.spec ?? entry.spec
    }

    /// The parameters under which a comparison varies the policy of a model.
    /// - Parameter interval: The interval of the trace, in nanoseconds.
    public static func comparedParameters<Parameters: DetectorParameters>(
        _: Parameters.Type = Parameters.self, interval: Double
    ) -> Parameters {
        for entry in all where entry.name == Parameters.detectorName {
            if case .policies(let spec, _, _) = entry.sweep(interval: interval),
                let own = spec.parameters as? Parameters
            {
                return own
            }
        }
        return Parameters()
    }

    /// Dense enough that no significant operating point lies between two prices.
    public static let prices = geometric(0.5, 5e5, 81)
    private static let phis = geometric(0.02, 300, 60)
    /// Margins, in intervals.
    private static let multiples = geometric(0.003, 300, 60)
    /// Pairs of threshold and scaling factor. The threshold rises to 1, the longest gap in the window. Then the factor
    /// falls, which lengthens the timeout further.
    private static let shares: [(Double, Double)] =
        geometric(0.1, 0.001, 30).map { (1 - $0, 1) } + geometric(1, 0.02, 30).map { (1, $0) }

    /// Values from `first` to `last` with equal ratios.
    public static func geometric(_ first: Double, _ last: Double, _ count: Int) -> [Double] {
        (0..<count).map { first * pow(last / first, Double($0) / Double(count - 1)) }
    }
}

/// The values of a detector's one free parameter that a comparison tries, from the shortest timeout to the longest.
public enum ParameterSweep: Sendable {
    /// Policies: one pass over a trace evaluates all of them.
    case policies(DetectorSpec, PolicyParameter, [Double])
    /// The detector's own parameters: each value needs a pass.
    case parameters([DetectorSpec])

    public enum PolicyParameter: String, Sendable {
        case phi, price

        func policy(_ value: Double) -> Policy {
            switch self {
            case .phi: .phi(value)
            case .price: .price(value)
            }
        }
    }

    static func varying<Parameters: DetectorParameters, Value>(
        _ values: [Value], _ set: (inout Parameters, Value) -> Void
    ) -> ParameterSweep {
        .parameters(
            values.map { value in
                var parameters = Parameters()
                set(&parameters, value)
                return DetectorSpec(parameters)
            })
    }

    /// The values in the notation of the command line.
    public var labels: [String] {
        switch self {
        case .policies(_, let parameter, let values): values.map { "\(parameter.rawValue)=\($0)" }
        case .parameters(let specs): specs.map(\.description)
        }
    }
    /// The passes over a trace, each with its policies. A detector that follows no policy ignores its own.
    public var passes: [(spec: DetectorSpec, policies: [Policy])] {
        switch self {
        case .policies(let spec, let parameter, let values): [(spec, values.map(parameter.policy))]
        case .parameters(let specs): specs.map { ($0, [.phi(8)]) }
        }
    }
}

extension Duration {
    /// Clamped to the range that parameters allow, because a trace can have any interval.
    fileprivate static func parameter(_ nanoseconds: Double) -> Duration {
        min(max(.nanoseconds(1), .nanoseconds(Int64(saturating: nanoseconds))), .maxParameter)
    }
}

extension ThresholdSweep {
    /// Runs the heartbeats of several nodes that form a group, in order of time. It is specialised for every model of
    /// the registry: other modules call it in its unspecialised form otherwise.
    ///
    /// - Parameters:
    ///   - count: Number of nodes.
    ///   - model: Initial model of every node.
    ///   - unit: Unit of timeouts, in nanoseconds.
    ///   - blocks: For each heartbeat the block in which it is evaluated; nil: the model only learns from it.
    @specialized(where Model == AdaptiveModel)
    @specialized(where Model == NormalModel)
    @specialized(where Model == FixedModel)
    @specialized(where Model == LogisticModel)
    @specialized(where Model == ExponentialModel)
    @specialized(where Model == ChenModel)
    @specialized(where Model == BertierModel)
    @specialized(where Model == TwoWindowModel)
    @specialized(where Model == EmpiricalModel)
    @specialized(where Model == SelfTuningModel)
    public mutating func run(
        _ heartbeats: [RecordedHeartbeat], ofNodes count: Int, with model: Model, announcedInterval: Int64 = 0,
        unit: Double, blocks: [Int32?]
    ) {
        evaluate(
            heartbeats, ofNodes: count, with: model, announcedInterval: announcedInterval, unit: unit, blocks: blocks)
    }
}
