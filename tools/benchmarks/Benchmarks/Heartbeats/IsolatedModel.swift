import Benchmark
import PhiAccrual

/// A model that learns the arrivals of one node from the first one on, and computes a timeout after each: no lookup, no
/// wheel, no events.
struct IsolatedModel<Model: ArrivalModel>: Workload {
    let bytesPerNode: Int? = nil
    private let threshold: Model.Threshold
    private let parameters: Model.Parameters
    private var arrivals: [Arrival] = []

    init(heartbeats: Int, level: Level, parameters: Model.Parameters) {
        threshold = Model.threshold(for: level.policy)
        self.parameters = parameters
        var stream = HeartbeatStream(nodes: 1, seed: 1)
        let segment = stream.next(heartbeats + 1)
        var last: (at: Instant, sequence: UInt32)?
        for batch in segment.batches {
            for heartbeat in segment.heartbeats[batch.range] {
                if let last {
                    let gap = (batch.now - last.at).nanoseconds
                    arrivals.append(Arrival(gap: gap, step: Int64(heartbeat.sequence - last.sequence)))
                }
                last = (batch.now, heartbeat.sequence)
            }
        }
    }

    var heartbeats: Int { arrivals.count }

    func prepare() {}

    func run() {
        var sweep = ThresholdSweep<Model>([threshold], group: Model.makeGroupState(parameters))
        sweep.run(arrivals, with: Model(parameters), unit: 1e9, warmUp: 0)
        blackHole(sweep.costs)
    }
}
