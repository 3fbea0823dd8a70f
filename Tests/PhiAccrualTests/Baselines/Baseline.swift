import PhiAccrual
import TestSupport
import Testing

/// A baseline detector, created from text: a name, then parameters separated by spaces.
struct Baseline {
    private(set) var model: any BaselineModel

    init(_ text: String) throws {
        var models = BaselineVisitor()
        let spec = try DetectorSpec(parsing: text.split(separator: " ").joined(separator: ","))
        guard let model = try spec.open(&models) else { throw Unknown(text: text) }
        self.model = model
    }
    private struct BaselineVisitor: ModelVisitor {
        typealias Outcome = (any BaselineModel)?

        func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) -> (any BaselineModel)? {
            model.init(parameters) as? any BaselineModel
        }
    }
    struct Unknown: Error {
        var text: String
    }
    /// A detector that has received its first heartbeat.
    static func begun(_ text: String, announcing interval: Int64 = 0) throws -> Baseline {
        var baseline = try Baseline(text)
        baseline.model.begin(announcedInterval: interval)
        return baseline
    }

    mutating func begin(announcing interval: Int64 = 0) { model.begin(announcedInterval: interval) }
    mutating func observe(_ arrival: Arrival) { model.observe(arrival) }
    mutating func observe(after gap: Int64, step: Int64 = 1) { observe(Arrival(gap: gap, step: step)) }
    mutating func observe(every gap: Int64, times: Int) {
        for _ in 0..<times { observe(after: gap) }
    }

    func phi(after silence: Int64) -> Double? { model.phi(after: silence) }
    func timeout(phi: Double = 8) -> Int64? { Self.timeout(model, phi) }
    private static func timeout<Model: BaselineModel>(_ model: Model, _ phi: Double) -> Int64? {
        let threshold = Model.threshold(for: .phi(phi))
        return model.timeout(until: threshold, in: Model.levelState(of: threshold))
    }

    /// Detectors of each kind, with default and with other parameters.
    static let specimens = [
        "fixed timeout=700ms", "akka", "hazelcast", "cassandra", "chitchat",
        "logistic max-sample-size=2 min-std-deviation=1ns acceptable-heartbeat-pause=0s resolution=1ns",
        "logistic max-sample-size=30 min-std-deviation=3ms acceptable-heartbeat-pause=7ms threshold=0.5",
        "logistic max-sample-size=7 resolution=7ns learns-every-gap=true first-heartbeat-estimate=1ns",
        "exponential sampling-window-size=2 initial-interval=1ns max-interval=200d",
        "exponential sampling-window-size=9 prior-weight=0.5 base=e phi-threshold=2 max-interval=1h",
        "chen", "chen window=1 alpha=0s", "chen window=3 interval=1ms", "bertier", "bertier window=2 gamma=1 beta=2",
        "two-window", "two-window n1=2 n2=3", "empirical", "empirical window=1 threshold=1 scaling-factor=1",
        "empirical window=50 threshold=0 scaling-factor=1000", "self-tuning", "self-tuning slot=1 alpha=200d beta=1",
        "self-tuning slot=3 margin=200d window=2 query-accuracy=0 mistake-rate=0",
    ]
    /// The specimens with a φ that is compared with a policy's threshold.
    static let accrual = specimens.filter { text in
        ["akka", "hazelcast", "cassandra", "chitchat", "logistic", "exponential"].contains { text.hasPrefix($0) }
    }
}
