import PhiAccrual

/// A detector that is measured, with its own defaults and the policy that it follows.
struct Contestant: CustomStringConvertible {
    let detector: String
    /// Nil for a detector whose parameters say when to suspect.
    let policy: String?

    static let all =
        ["price=1000", "phi=8", "mistakes=1/1d"].map { Contestant(detector: "adaptive", policy: $0) }
        + ["normal", "logistic", "exponential"].map { Contestant(detector: $0, policy: "phi=8") }
        + ["fixed", "chen", "bertier", "two-window", "empirical", "self-tuning"]
        .map { Contestant(detector: $0, policy: nil) }

    var description: String { policy.map { "\(detector) \($0)" } ?? detector }

    func start(_ task: Task) throws -> any Workload {
        var start = Start(task: task, level: .suspect(try Policy(parsing: policy ?? "phi=8")))
        return try DetectorSpec(parsing: detector).open(&start)
    }

    /// What it is measured at.
    enum Task {
        /// With so many heartbeats per node before anything is measured.
        case watching(nodes: Int, warmUp: Int)
        case alone(heartbeats: Int)
    }

    // As the service does it, so that what is measured is what the service runs.
    private struct Start: ModelVisitor {
        typealias Outcome = any Workload
        let task: Task
        let level: Level

        func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) throws -> any Workload {
            switch task {
            case .watching(let nodes, let warmUp):
                try WatchedStream<Model>(nodes: nodes, level: level, parameters: parameters, warmUp: warmUp)
            case .alone(let heartbeats):
                LoneModel<Model>(heartbeats: heartbeats, level: level, parameters: parameters)
            }
        }
    }
}
