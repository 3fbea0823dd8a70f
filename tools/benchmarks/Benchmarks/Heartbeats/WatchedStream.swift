import PhiAccrual

/// A detector that watches a stream of heartbeats, driven in the same steps as in the service.
struct WatchedStream<Model: ArrivalModel>: Workload {
    let heartbeats = 1000
    /// Bytes of the detector's arrays per node, without spare capacity. Nil for small numbers of nodes, where the parts
    /// that do not grow with nodes would dominate.
    private(set) var bytesPerNode: Int?
    private var detector: Detector<Model>
    private var stream: HeartbeatStream
    private var segment = Segment()
    private var events: [Event] = []

    /// - Parameter warmUp: Mean number of heartbeats per node before the measurement.
    init(nodes: Int, level: Level, parameters: Model.Parameters, warmUp: Int) throws {
        detector = Detector(.init(levels: [level], model: parameters, seed: 1))
        stream = HeartbeatStream(nodes: nodes, seed: 1)
        for (number, key) in stream.keys.enumerated() {
            let identity = try NodeIdentity(group: "bench", name: "node-\(number)")
            detector.announce(identity, key: key, at: Instant(nanoseconds: 0), into: &events)
        }
        for _ in 0..<nodes * warmUp / heartbeats {
            prepare()
            run()
        }
        if nodes >= 1000 { bytesPerNode = bytesInArrays(of: detector) / nodes }
    }

    mutating func prepare() { segment = stream.next(heartbeats) }

    mutating func run() {
        let segment = segment
        let heartbeats = segment.heartbeats.span
        for batch in segment.batches {
            // The service wakes up for each of these deadlines.
            detector.advanceIdeally(before: batch.now, into: &events)
            detector.receive(heartbeats.extracting(batch.range), at: batch.now, into: &events)
            events.removeAll(keepingCapacity: true)
        }
    }
}

/// The size of the elements of all arrays in a value, in bytes.
///
/// Elements that contain arrays, such as windows of gaps, all count with the size of the first one.
private func bytesInArrays(of value: Any) -> Int {
    Mirror(reflecting: value).children.reduce(0) { sum, child in
        sum + ((child.value as? any Measurable)?.bytes ?? bytesInArrays(of: child.value))
    }
}

private protocol Measurable { var bytes: Int { get } }

extension Array: Measurable {
    fileprivate var bytes: Int {
        first.map { count * (MemoryLayout<Element>.stride + bytesInArrays(of: $0)) } ?? 0
    }
}
