import PhiAccrual

/// A detector to measure, with its default parameters and its policy.
struct BenchmarkedDetector: CustomStringConvertible {
    let detector: String
    /// Nil for a detector that is configured by its parameters alone.
    let policy: String?

    static let all =
        ["price=1000", "phi=8", "mistakes=1/1d"].map { BenchmarkedDetector(detector: "adaptive", policy: $0) }
        + DetectorRegistry.baselines.filter(\.spec.usesPolicy)
        .map { BenchmarkedDetector(detector: $0.name, policy: "phi=8") }
        + DetectorRegistry.baselines.filter { !$0.spec.usesPolicy }
        .map { BenchmarkedDetector(detector: $0.name, policy: nil) }

    var description: String { policy.map { "\(detector) \($0)" } ?? detector }

    func start(_ task: Task) throws -> any Workload {
        var start = Start(task: task, level: .suspect(try Policy(parsing: policy ?? "phi=8")))
        return try DetectorSpec(parsing: detector).open(&start)
    }

    /// The kind of measurement.
    enum Task {
        /// Watches nodes after a warm-up of this many heartbeats per node.
        case watching(nodes: Int, warmUp: Int)
        case alone(heartbeats: Int)
    }

    // Opens the detector as the service does, so that the benchmark measures the code that the service runs.
    private struct Start: ModelVisitor {
        typealias Outcome = any Workload
        let task: Task
        let level: Level

        func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) throws -> any Workload {
            switch task {
            case .watching(let nodes, let warmUp):
                try WatchedStream<Model>(nodes: nodes, level: level, parameters: parameters, warmUp: warmUp)
            case .alone(let heartbeats):
                IsolatedModel<Model>(heartbeats: heartbeats, level: level, parameters: parameters)
            }
        }
    }
}
