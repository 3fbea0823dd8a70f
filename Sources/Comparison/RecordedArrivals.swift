import PhiAccrual
import Traces

/// A trace in memory: each node's fresh arrivals.
public struct RecordedArrivals: Sendable {
    public struct Node: Sendable {
        public var name: String
        /// Without the first heartbeat, which nothing came before.
        public var arrivals: [Arrival] = []
        /// Mean gap per sequence step, in nanoseconds.
        public var interval: Double {
            let time = arrivals.reduce(Int128(0)) { $0 + Int128($1.gap) }
            let steps = arrivals.reduce(Int128(0)) { $0 + Int128($1.step) }
            return steps == 0 ? 0 : Double(time) / Double(steps)
        }
    }
    public var name: String
    public var nodes: [Node]
    public var samples: Int { nodes.reduce(0) { $0 + $1.arrivals.count } }
    /// Of the nodes' intervals, in nanoseconds; a second if none is known.
    var medianInterval: Double {
        let intervals = nodes.map(\.interval).filter { $0 > 0 }.sorted()
        return intervals.isEmpty ? 1e9 : intervals[intervals.count / 2]
    }

    init(name: String, nodes: [Node]) { (self.name, self.nodes) = (name, nodes) }

    /// Reads a trace whole; what is late or repeated is left out.
    public init(path: String) throws(TraceError) {
        var reader = try TraceReader(path: path)
        var nodes: [Node] = []
        var last: [(sequence: Int64, arrival: Int64)] = []
        while let row = try reader.next() {
            if row.node == nodes.count {
                nodes.append(Node(name: reader.nodes[row.node]))
                last.append((row.sequence, row.arrival))
                continue
            }
            let step = row.sequence.subtractingSaturated(last[row.node].sequence)
            guard step > 0 else { continue }
            nodes[row.node].arrivals.append(
                Arrival(gap: row.arrival.subtractingSaturated(last[row.node].arrival), step: step))
            last[row.node] = (row.sequence, row.arrival)
        }
        self.nodes = nodes
        let file = path.split(separator: "/").last.map(String.init) ?? path
        name = file.split(separator: ".").first.map(String.init) ?? file
    }
}
