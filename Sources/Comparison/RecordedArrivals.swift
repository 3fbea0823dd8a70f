import PhiAccrual
import Traces

/// A recording in memory: the fresh heartbeats of its nodes, in order of arrival.
public struct RecordedArrivals: Sendable {
    public struct Node: Sendable {
        public var name: String
        /// Number of fresh heartbeats, without the first one, which ends no gap.
        public fileprivate(set) var arrivals = 0
        fileprivate var last: (sequence: Int64, arrival: Int64)?  // arrival in ns
        fileprivate var time: Int128 = 0  // ns, sum of gaps
        fileprivate var steps: Int128 = 0
        /// Mean gap per sequence step, in nanoseconds.
        public var interval: Double { steps == 0 ? 0 : Double(time) / Double(steps) }
    }
    public var name: String
    public private(set) var nodes: [Node]
    public private(set) var heartbeats: [RecordedHeartbeat] = []
    /// Arrival of each heartbeat, in nanoseconds of the recording's clock.
    private(set) var times: [Int64] = []
    public var samples: Int { nodes.reduce(0) { $0 + $1.arrivals } }
    /// Median of the nodes' intervals, in nanoseconds; one second if none is known.
    var medianInterval: Double {
        let intervals = nodes.map(\.interval).filter { $0 > 0 }.sorted()
        return intervals.isEmpty ? 1e9 : intervals[intervals.count / 2]
    }

    public init(name: String, nodes: [String]) {
        self.name = name
        self.nodes = nodes.map { Node(name: $0) }
    }

    /// Reads a whole trace. Duplicate and out-of-order heartbeats are left out.
    public init(path: String, columnUnit: TimeUnit? = nil) throws(TraceError) {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        self.init(name: file.split(separator: ".").first.map(String.init) ?? file, nodes: [])
        var reader = try TraceReader(path: path, columnUnit: columnUnit)
        while let row = try reader.next() {
            if row.node == nodes.count { nodes.append(Node(name: reader.nodes[row.node])) }
            append(row.sequence, at: row.arrival, node: row.node)
        }
    }

    /// Appends one heartbeat with its arrival in nanoseconds. Duplicate and out-of-order heartbeats are left out.
    public mutating func append(_ sequence: Int64, at arrival: Int64, node: Int) {
        guard let last = nodes[node].last else {
            nodes[node].last = (sequence, arrival)
            append(RecordedHeartbeat(node: node, arrival: nil), at: arrival)
            return
        }
        let step = sequence.subtractingSaturated(last.sequence)
        guard step > 0 else { return }
        let next = Arrival(gap: arrival.subtractingSaturated(last.arrival), step: step)
        nodes[node].last = (sequence, arrival)
        nodes[node].arrivals += 1
        nodes[node].time += Int128(next.gap)
        nodes[node].steps += Int128(next.step)
        append(RecordedHeartbeat(node: node, arrival: next), at: arrival)
    }

    private mutating func append(_ heartbeat: RecordedHeartbeat, at time: Int64) {
        heartbeats.append(heartbeat)
        times.append(time)
    }

    /// The arrivals of each node, by node.
    public var arrivalsByNode: [[Arrival]] {
        var arrivals = nodes.map { node in
            var own: [Arrival] = []
            own.reserveCapacity(node.arrivals)
            return own
        }
        for heartbeat in heartbeats {
            if let arrival = heartbeat.arrival { arrivals[heartbeat.node].append(arrival) }
        }
        return arrivals
    }
}
