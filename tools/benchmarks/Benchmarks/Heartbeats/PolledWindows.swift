import Benchmark
import PhiAccrual

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The design of most systems, for comparison: a window of the last thousand gaps per node, and φ of all nodes polled
/// once a second.
///
/// It follows Akka: running sums, and φ of a normal distribution by a logistic approximation.
struct PolledWindows: Workload {
    let heartbeats = 1000
    private(set) var bytesPerNode: Int?
    private var windows: [NodeKey: Window] = [:]
    private var stream: HeartbeatStream
    private var segment = Segment()
    private var nextPoll: Int64 = 0  // ns
    private var suspected = 0

    init(nodes: Int, warmUp: Int) {
        stream = HeartbeatStream(nodes: nodes, seed: 1)
        for _ in 0..<nodes * warmUp / heartbeats {
            prepare()
            run()
        }
        bytesPerNode = MemoryLayout<NodeKey>.stride + MemoryLayout<Window>.stride + Window.capacity * 8
    }

    mutating func prepare() { segment = stream.next(heartbeats) }

    mutating func run() {
        for batch in segment.batches {
            while nextPoll <= batch.now.nanoseconds { poll() }
            for heartbeat in segment.heartbeats[batch.range] {
                windows[heartbeat.key, default: Window()].arrive(at: batch.now.nanoseconds)
            }
        }
        blackHole(suspected)
    }

    private mutating func poll() {
        suspected = windows.values.count { $0.phi(at: nextPoll) >= 8 }
        nextPoll += 1_000_000_000
    }
}

private struct Window {
    static let capacity = 1000
    private static let least = 100e6  // ns; minimum standard deviation
    private var gaps: [Double] = []  // ns
    private var oldest = 0
    private var last: Int64?  // ns
    private var (sum, squares) = (0.0, 0.0)

    mutating func arrive(at now: Int64) {
        defer { last = now }
        guard let last else { return }
        let gap = Double(now - last)
        sum += gap
        squares += gap * gap
        if gaps.count < Self.capacity { return gaps.append(gap) }
        sum -= gaps[oldest]
        squares -= gaps[oldest] * gaps[oldest]
        gaps[oldest] = gap
        oldest = (oldest + 1) % Self.capacity
    }

    func phi(at now: Int64) -> Double {
        guard let last, !gaps.isEmpty else { return 0 }
        let mean = sum / Double(gaps.count)
        let deviation = max(Self.least, max(0, squares / Double(gaps.count) - mean * mean).squareRoot())
        let y = (Double(now - last) - mean) / deviation
        let e = exp(-y * (1.5976 + 0.070566 * y * y))
        return y > 0 ? -log10(e / (1 + e)) : -log10(1 - 1 / (1 + e))
    }
}
