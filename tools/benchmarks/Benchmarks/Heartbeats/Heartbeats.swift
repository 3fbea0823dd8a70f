import Benchmark

/// The cost of one heartbeat: for each detector with many nodes, with one node, and for its model alone.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput, .heartbeats, .bytesPerNode], warmupIterations: 5, maxDuration: .seconds(3))
    for detector in BenchmarkedDetector.all {
        // The warm-up fills every window of 1,000 gaps.
        measure("10000 nodes", detector, .watching(nodes: 10_000, warmUp: 1_200), iterations: 3000)
        measure("1000000 nodes", detector, .watching(nodes: 1_000_000, warmUp: 300), iterations: 5000)
        for nodes in [100, 1000, 100_000] {
            measure("\(nodes) nodes", detector, .watching(nodes: nodes, warmUp: 1_200), iterations: 3000)
        }
        measure("1 node", detector, .watching(nodes: 1, warmUp: 1_200), iterations: 2000)
        measure("model alone", detector, .alone(heartbeats: 10_000), iterations: 200)
        measure("smoke", detector, .watching(nodes: 1_000, warmUp: 400), iterations: 100)
    }
    for nodes in [100, 1000, 10_000, 100_000] {
        measure("\(nodes) nodes: polled windows", iterations: 3000) { PolledWindows(nodes: nodes, warmUp: 1_200) }
    }
    measure("parts: decode", iterations: 3000) { DecodedFrames() }
    for nodes in [10_000, 1_000_000] {
        measure("parts: wheel of \(nodes)", iterations: 3000) { TurningWheel(nodes: nodes) }
    }
}

private func measure(
    _ place: String, _ detector: BenchmarkedDetector, _ task: BenchmarkedDetector.Task, iterations: Int
) {
    measure("\(place): \(detector)", iterations: iterations) { try detector.start(task) }
}

private func measure(_ name: String, iterations: Int, start: @escaping () throws -> any Workload) {
    var configuration = Benchmark.defaultConfiguration
    configuration.maxIterations = iterations
    var workload: (any Workload)?
    Benchmark(
        name, configuration: configuration,
        closure: { benchmark in
            workload?.prepare()
            benchmark.startMeasurement()
            workload?.run()
            benchmark.stopMeasurement()
            guard let workload else { return }
            benchmark.measurement(.heartbeats, workload.heartbeats)
            benchmark.measurement(.bytesPerNode, workload.bytesPerNode ?? 0)
        },
        setup: { workload = try start() },
        teardown: { workload = nil })
}

extension BenchmarkMetric {
    fileprivate static var heartbeats: BenchmarkMetric { .custom("heartbeats") }
    fileprivate static var bytesPerNode: BenchmarkMetric { .custom("bytes per node") }
}
