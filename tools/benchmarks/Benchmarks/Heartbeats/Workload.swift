/// Something that is measured again and again.
protocol Workload {
    /// Comes before each `run`, and is not measured.
    mutating func prepare()
    mutating func run()
    /// Taken in by one `run`.
    var heartbeats: Int { get }
    var bytesPerNode: Int? { get }
}
