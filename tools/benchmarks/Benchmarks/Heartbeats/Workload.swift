/// A repeatable unit of work to measure.
protocol Workload {
    /// Called before each `run`, and not measured.
    mutating func prepare()
    mutating func run()
    /// Number of heartbeats that one `run` processes.
    var heartbeats: Int { get }
    var bytesPerNode: Int? { get }
}
