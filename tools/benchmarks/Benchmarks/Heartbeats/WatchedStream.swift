import PhiAccrual

/// A detector that watches a stream of heartbeats, stepped as the service does it.
struct WatchedStream<Model: ArrivalModel>: Workload {
    let heartbeats = 1000
    /// The detector's arrays, without the room that they keep free to grow; nil for so few nodes that what does not grow
    /// with them would count.
    private(set) var bytesPerNode: Int?
    private var detector: Detector<Model>
    private var stream: HeartbeatStream
    private var stretch = Stretch()
    private var events: [Event] = []

    /// - Parameter warmUp: Heartbeats per node, on average, before anything is measured.
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

    mutating func prepare() { stretch = stream.next(heartbeats) }

    mutating func run() {
        let stretch = stretch
        let heartbeats = stretch.heartbeats.span
        for batch in stretch.batches {
            // Each of these deadlines wakes the service.
            detector.advanceIdeally(before: batch.now, into: &events)
            detector.receive(heartbeats.extracting(batch.range), at: batch.now, into: &events)
            events.removeAll(keepingCapacity: true)
        }
    }
}

/// What the elements of all arrays in a value take, in bytes.
///
/// Elements that have arrays themselves, such as windows of gaps, are taken to be all as large as the first.
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
